-- A version's number is made of what it says. Were two ever given the same one, the second would
-- not be kept, and its sessions would go to the first's aménageur.

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
