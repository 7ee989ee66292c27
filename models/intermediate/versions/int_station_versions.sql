select distinct
    station_version_id,
    id_station_itinerance,
    code,
    siren,
    entity,
    blocking_reason
from {{ ref('int_charge_points') }}
