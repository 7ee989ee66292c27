select
    -- ids
    request_id,
    siren,

    -- booleans
    is_adopted,

    -- timestamps
    period,
    sent_at
from {{ source('ledger', 'request') }}
