select
    request_id,
    id_station_itinerance,
    reason,
    is_locked
from {{ source('ledger', 'refusal') }}
