select
    -- ids
    id_station_itinerance,
    siren,
    amenageur_name,
    operational_unit_code,
    last_siren,
    last_amenageur_name,
    last_operational_unit_code,
    acknowledged_request_id,
    entity_id,

    -- numerics
    energy_mwh,

    -- attributes
    period,
    status
from {{ source('ledger', 'station_status') }}
