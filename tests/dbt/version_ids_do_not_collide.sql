-- Version ids are hashes. If two charge points had the same one, only the first would be stored,
-- and its aménageur would be credited with the energy of both.

select * from {{ ref('int_charge_points') }}

except

select
    charge_point_id,
    id_pdc_itinerance,
    max_power_kw,
    id_station_itinerance,
    operational_unit_code,
    siren,
    amenageur_name,
    blocking_reason,
    station_version_id,
    charge_point_version_id
from {{ ref('int_charge_point_history') }}
