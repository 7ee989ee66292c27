with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

blocked as (
    select
        blocking_reason,
        sum(energy_mwh) as blocked_mwh,
        sum(sessions) as sessions
    from blocked_energy_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by blocking_reason
)

select
    labels.title as reason,
    blocked.blocked_mwh,
    blocked.sessions,
    labels.explanation
from blocked
inner join reason_labels as labels
    on
        blocked.blocking_reason = labels.reason
        and labels.period = (select chosen.period from chosen)
order by blocked.blocked_mwh desc, labels.display_order asc
