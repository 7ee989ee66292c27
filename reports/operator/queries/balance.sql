-- The balance of one SIREN, by the definitions of energy_balance_monthly.
select
    array_agg(distinct amenageur_name) filter (where amenageur_name is not null) as amenageur_names,
    count(*) as received_sessions,
    coalesce(sum(booked_energy_kwh), 0) as received_kwh,
    count(*) filter (where is_rejected) as rejected_sessions,
    coalesce(sum(booked_energy_kwh) filter (where is_rejected), 0) as rejected_kwh,
    count(*) filter (where not is_rejected and blocking_reason is not null) as blocked_sessions,
    coalesce(
        sum(booked_energy_kwh) filter (where not is_rejected and blocking_reason is not null), 0
    ) as blocked_kwh,
    count(*) filter (where not is_rejected and blocking_reason is null) as sendable_sessions,
    coalesce(
        sum(booked_energy_kwh) filter (where not is_rejected and blocking_reason is null), 0
    ) as sendable_kwh
from sessions_flagged
where period = %(period)s and siren = %(siren)s
