with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select count(*) filter (where silent_days > 0) as operators
from data_freshness
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
