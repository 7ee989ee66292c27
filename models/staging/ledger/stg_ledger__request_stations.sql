select
    -- ids
    request_id,
    id_station_itinerance,
    operational_unit_code,
    amenageur_name,

    -- numerics
    energy_mwh,

    -- booleans
    is_controlled
from {{ source('ledger', 'request_station') }}
