with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    started_on,
    sum(rejected_sessions) / nullif(sum(received_sessions), 0) as rejected_share,
    sum(rejected_sessions) as rejected_sessions,
    sum(received_sessions) as sessions
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
group by started_on
order by started_on
