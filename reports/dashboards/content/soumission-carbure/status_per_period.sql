with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    period,
    sum(carbure_mwh) as acknowledged_mwh,
    sum(not_sent_mwh) as not_sent_mwh,
    greatest(sum(uncertain_mwh - uncertain_carbure_mwh), 0) as uncertain_mwh,
    sum(refused_mwh) as refused_mwh
from submission_status_monthly
where
    period <= (select chosen.period from chosen)
    and period > (select chosen.period from chosen) - interval '24 months'
    [[and siren = {{siren}}]]
group by period
order by period
