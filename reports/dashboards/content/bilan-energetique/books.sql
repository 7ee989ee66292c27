select
    period,
    received_kwh / 1000 as received_mwh,
    rejected_kwh / 1000 as rejected_mwh,
    blocked_kwh / 1000 as blocked_mwh,
    sendable_kwh / 1000 as sendable_mwh,
    received_kwh - rejected_kwh - blocked_kwh - sendable_kwh as gap_kwh,
    computed_at
from energy_balance_monthly
order by period desc
limit 24
