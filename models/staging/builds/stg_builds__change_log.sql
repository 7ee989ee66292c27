select
    -- ids
    id_station_itinerance,

    -- numerics
    sessions,
    energy_kwh,

    -- timestamps
    period,
    changed_at,

    -- attributes
    cause,
    value_before,
    value_after
from {{ source('builds', 'change_log') }}
