select
    -- ids
    request_id,
    run_id,
    siren,

    -- booleans
    is_known_entity,

    -- timestamps
    period,
    sent_at
from {{ source('ledger', 'request') }}
