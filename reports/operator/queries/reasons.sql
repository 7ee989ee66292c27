-- Every rule and blocking reason, with its label and its sessions. A session that breaks several
-- rules counts under each of them.
with session_totals as (
    select
        rejection_reasons,
        case when not is_rejected then blocking_reason end as blocking_reason,
        sum(sessions) as sessions,
        sum(energy_kwh) as energy_kwh
    from station_outcomes_monthly
    where period = %(period)s and siren = %(siren)s
    group by 1, 2
)

select
    labels.kind,
    labels.reason,
    labels.title,
    labels.explanation,
    labels.example,
    labels.limits,
    labels.correction,
    labels.changeable_until,
    coalesce(sum(session_totals.sessions), 0) as sessions,
    coalesce(sum(session_totals.energy_kwh), 0) as energy_kwh
from reason_labels as labels
left join session_totals
    on
        labels.reason = any(session_totals.rejection_reasons)
        or labels.reason = session_totals.blocking_reason
where labels.period = %(period)s and labels.kind in ('rejection', 'blocking')
group by
    labels.kind,
    labels.display_order,
    labels.reason,
    labels.title,
    labels.explanation,
    labels.example,
    labels.limits,
    labels.correction,
    labels.changeable_until
order by labels.kind, labels.display_order
