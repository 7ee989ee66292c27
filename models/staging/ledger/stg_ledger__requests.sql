select
    -- ids
    request_id,
    run_id,
    siren,

    -- booleans
    is_known_entity,
    is_adopted,

    -- timestamps
    period,
    sent_at
from {{ source('ledger', 'request') }}
