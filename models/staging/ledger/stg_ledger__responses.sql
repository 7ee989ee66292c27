select
    request_id,
    outcome,
    responded_at
from {{ source('ledger', 'response') }}
