-- Every rule and every reason for being blocked, in words, with the sessions that it concerns. A
-- session that breaks several rules counts under each of them.
with fates as (
    select
        rejection_reasons,
        case when not is_rejected then blocking_reason end as blocking_reason,
        count(*) as sessions,
        sum(booked_energy_kwh) as energy_kwh
    from sessions_flagged
    where period = %(period)s and siren = %(siren)s
    group by 1, 2
)

select
    labels.kind,
    labels.reason,
    labels.title,
    labels.explanation,
    labels.energy_limit_kwh,
    labels.max_energy_ratio,
    coalesce(sum(fates.sessions), 0) as sessions,
    coalesce(sum(fates.energy_kwh), 0) as energy_kwh
from reason_labels as labels
left join fates
    on labels.reason = any(fates.rejection_reasons) or labels.reason = fates.blocking_reason
where labels.kind in ('rejection', 'blocking')
group by
    labels.kind,
    labels.display_order,
    labels.reason,
    labels.title,
    labels.explanation,
    labels.energy_limit_kwh,
    labels.max_energy_ratio
order by labels.kind, labels.display_order
