-- When the month was computed, and the moment that the whole folder shows.
select
    to_json(date_trunc('second', computed_at)) #>> '{}' as computed_at,
    to_json(date_trunc('second', now())) #>> '{}' as shown_at
from energy_balance_monthly
where period = %(period)s
