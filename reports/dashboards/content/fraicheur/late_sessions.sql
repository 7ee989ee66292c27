with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select sum(late_share * sessions) / nullif(sum(sessions), 0) as late_share
from data_freshness
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
