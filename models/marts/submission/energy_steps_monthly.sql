-- The waterfall: what was received, and what is lost at each step, up to what CARBURE acknowledged.

with

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
        period,
        siren,
        'rejected' as outcome,
        100 as display_order,
        rule as reason,
        rule as title,
        -first_kwh * 0.001 as energy_mwh
    from {{ ref('anomalies_daily') }}
    where first_sessions > 0
),

blocked as (
    select
        period,
        siren,
        'blocked' as outcome,
        200 as display_order,
        blocking_reason as reason,
        blocking_reason as title,
        -energy_mwh as energy_mwh
    from {{ ref('blocked_energy_monthly') }}
),

submitted as (
    select
        status.period,
        status.siren,
        'submitted' as outcome,
        step.display_order,
        step.reason,
        step.title,
        step.energy_mwh
    from {{ ref('submission_status_monthly') }} as status
    cross join
        lateral (
            values
            (301, 'not_sent', 'Non transmis', -status.not_sent_mwh),
            (302, 'refused', 'Refusé par CARBURE', -status.refused_mwh),
            (
                303, 'uncertain', 'Sans réponse claire',
                status.uncertain_carbure_mwh - status.uncertain_mwh
            ),
            -- Energy that was recomputed after CARBURE acknowledged it.
            (
                304, 'recomputed', 'Recalculé depuis',
                status.carbure_mwh - status.uncertain_carbure_mwh
                - status.acknowledged_mwh - status.locked_mwh
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
),

totals as (
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
),

labels as (
    select * from {{ ref('reason_labels') }}
)

select
    totals.period,
    totals.siren,
    totals.outcome,
    totals.reason,
    totals.energy_mwh,
    totals.display_order + coalesce(labels.display_order, 0) as display_order,
    coalesce(labels.title, totals.title) as title
from totals
left join labels on totals.period = labels.period and totals.reason = labels.reason
