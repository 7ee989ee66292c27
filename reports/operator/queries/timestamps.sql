-- When the month was computed, and when the transaction of this report began.
select
    to_json(date_trunc('second', computed_at)) #>> '{}' as computed_at,
    to_json(date_trunc('second', now())) #>> '{}' as read_at,
    cast(now() as date) as read_on
from energy_balance_monthly
where period = %(period)s
