-- The balance of one SIREN, by the definitions of energy_balance_monthly.
select
    array_agg(distinct amenageur_name) filter (where amenageur_name is not null) as amenageur_names,
    coalesce(sum(sessions), 0) as received_sessions,
    coalesce(sum(energy_kwh), 0) as received_kwh,
    coalesce(sum(sessions) filter (where is_rejected), 0) as rejected_sessions,
    coalesce(sum(energy_kwh) filter (where is_rejected), 0) as rejected_kwh,
    coalesce(sum(sessions) filter (where not is_rejected and blocking_reason is not null), 0)
        as blocked_sessions,
    coalesce(sum(energy_kwh) filter (where not is_rejected and blocking_reason is not null), 0)
        as blocked_kwh,
    coalesce(sum(sessions) filter (where not is_rejected and blocking_reason is null), 0)
        as sendable_sessions,
    coalesce(sum(energy_kwh) filter (where not is_rejected and blocking_reason is null), 0)
        as sendable_kwh
from station_outcomes_monthly
where period = %(period)s and siren = %(siren)s
