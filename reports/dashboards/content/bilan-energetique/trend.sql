with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

received as (
    select
        period,
        sum(rejected_kwh) / 1000 as rejected_mwh,
        sum(blocked_kwh) / 1000 as blocked_mwh
    from energy_balance_daily
    where
        period <= (select chosen.period from chosen)
        and period > (select chosen.period from chosen) - interval '24 months'
        [[and siren = {{siren}}]]
    group by period
),

submitted as (
    select
        period,
        sum(carbure_mwh) as acknowledged_mwh,
        sum(not_sent_mwh + refused_mwh)
        + greatest(sum(uncertain_mwh - uncertain_carbure_mwh), 0) as pending_mwh
    from submission_status_monthly
    where
        period <= (select chosen.period from chosen)
        and period > (select chosen.period from chosen) - interval '24 months'
        [[and siren = {{siren}}]]
    group by period
)

select
    received.period,
    coalesce(submitted.acknowledged_mwh, 0) as acknowledged_mwh,
    coalesce(submitted.pending_mwh, 0) as pending_mwh,
    received.blocked_mwh,
    received.rejected_mwh
from received
left join submitted on received.period = submitted.period
order by received.period
