with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

balance as (
    select
        sum(received_sessions) as received_sessions,
        sum(received_kwh) as received_kwh,
        sum(rejected_sessions) as rejected_sessions,
        sum(rejected_kwh) as rejected_kwh,
        sum(blocked_sessions) as blocked_sessions,
        sum(blocked_kwh) as blocked_kwh,
        sum(sendable_sessions) as sendable_sessions,
        sum(sendable_kwh) as sendable_kwh
    from energy_balance_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
)

select
    outcome.title as outcome_title,
    outcome.sessions / balance.received_sessions as session_share,
    outcome.energy_kwh / nullif(balance.received_kwh, 0) as energy_share,
    outcome.sessions,
    outcome.energy_kwh / 1000 as energy_mwh
from balance
cross join
    lateral (
        values
        (1, 'Rejetées', balance.rejected_sessions, balance.rejected_kwh),
        (2, 'Bloquées', balance.blocked_sessions, balance.blocked_kwh),
        (3, 'Transmissibles', balance.sendable_sessions, balance.sendable_kwh)
    ) as outcome (display_order, title, sessions, energy_kwh)
where balance.received_sessions > 0
order by outcome.display_order
