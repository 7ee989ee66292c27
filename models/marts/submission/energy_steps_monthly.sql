-- The waterfall: what was received, and what is lost at each step, up to what CARBURE acknowledged.

with

labels as not materialized (
    select * from {{ ref('reason_labels') }}
),

received as (
    select
        period,
        siren,
        'received' as outcome,
        0 as display_order,
        'received' as reason,
        'Reçu' as title,
        received_kwh * 0.001 as energy_mwh
    from {{ ref('energy_balance_daily') }}
),

rejected as (
    select
        anomalies.period,
        anomalies.siren,
        'rejected' as outcome,
        100 + coalesce(labels.display_order, 99) as display_order,
        anomalies.rule as reason,
        coalesce(labels.title, anomalies.rule) as title,
        -anomalies.first_kwh * 0.001 as energy_mwh
    from {{ ref('anomalies_daily') }} as anomalies
    left join labels on anomalies.period = labels.period and anomalies.rule = labels.reason
    where anomalies.first_sessions > 0
),

blocked as (
    select
        blocked_energy.period,
        blocked_energy.siren,
        'blocked' as outcome,
        200 + coalesce(labels.display_order, 99) as display_order,
        blocked_energy.blocking_reason as reason,
        coalesce(labels.title, blocked_energy.blocking_reason) as title,
        -blocked_energy.energy_mwh as energy_mwh
    from {{ ref('blocked_energy_monthly') }} as blocked_energy
    left join labels
        on
            blocked_energy.period = labels.period
            and blocked_energy.blocking_reason = labels.reason
),

submitted as (
    select
        status.period,
        status.siren,
        'submitted' as outcome,
        300 + step.display_order as display_order,
        step.reason,
        step.title,
        step.energy_mwh
    from {{ ref('submission_status_monthly') }} as status
    cross join
        lateral (
            values
            (1, 'not_sent', 'Non transmis', -status.not_sent_mwh),
            (2, 'refused', 'Refusé par CARBURE', -status.refused_mwh),
            (3, 'uncertain', 'Sans réponse claire', -status.uncertain_mwh),
            -- Energy that was recomputed after CARBURE acknowledged it.
            (
                4, 'recomputed', 'Recalculé depuis',
                status.carbure_mwh - status.acknowledged_mwh - status.locked_mwh
            )
        ) as step (display_order, reason, title, energy_mwh)
    where step.energy_mwh <> 0
),

steps as (
    select * from received
    union all
    select * from rejected
    union all
    select * from blocked
    union all
    select * from submitted
)

select
    period,
    siren,
    outcome,
    display_order,
    reason,
    title,
    sum(energy_mwh) as energy_mwh
from steps
group by period, siren, outcome, display_order, reason, title
