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
    reasons.kind,
    reasons.reason,
    reasons.title,
    reasons.explanation,
    reasons.energy_limit_kwh,
    reasons.possible_energy_ratio,
    coalesce(sum(fates.sessions), 0) as sessions,
    coalesce(sum(fates.energy_kwh), 0) as energy_kwh
from reasons
left join fates
    on reasons.reason = any(fates.rejection_reasons) or reasons.reason = fates.blocking_reason
where reasons.kind in ('rejection', 'blocking')
group by
    reasons.kind,
    reasons.place,
    reasons.reason,
    reasons.title,
    reasons.explanation,
    reasons.energy_limit_kwh,
    reasons.possible_energy_ratio
order by reasons.kind, reasons.place
