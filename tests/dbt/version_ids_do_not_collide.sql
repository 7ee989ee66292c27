-- Version ids are hashes. If two versions had the same one, only the first would be stored, and its
-- aménageur would be credited with the energy of both.

select * from {{ ref('int_charge_points') }}

except

select
    charge_points.charge_point_id,
    charge_points.id_pdc_itinerance,
    charge_points.max_power_kw,
    stations.id_station_itinerance,
    stations.operational_unit_code,
    stations.siren,
    stations.amenageur_name,
    stations.blocking_reason,
    stations.station_version_id,
    charge_points.charge_point_version_id
from {{ ref('int_charge_point_history') }} as charge_points
inner join {{ ref('int_station_history') }} as stations
    on charge_points.station_version_id = stations.station_version_id
