with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

steps as (
    select * from energy_steps_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
),

submission as (
    select coalesce(sum(sent_stations) > 0 or sum(carbure_mwh) > 0, false) as is_started
    from submission_status_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
),

grouped as (
    select
        outcome,
        case when outcome = 'submitted' then reason else outcome end as step,
        min(display_order) as display_order,
        min(title) as title,
        sum(energy_mwh) as energy_mwh
    from steps
    group by outcome, case when outcome = 'submitted' then reason else outcome end
)

select
    case grouped.step
        when 'received' then 'Reçu'
        when 'rejected' then 'Rejeté'
        when 'blocked' then 'Bloqué'
        else grouped.title
    end as step,
    grouped.energy_mwh,
    -- Metabase adds the total of all steps. Pages also draw the levels.
    grouped.step as outcome,
    case
        when
            submission.is_started
            and grouped.outcome <> 'submitted'
            and coalesce(lead(grouped.outcome) over step_order, 'submitted') = 'submitted'
            then 'sendable'
    end as subtotal,
    case when submission.is_started then 'acknowledged' else 'to_send' end as total
from grouped
cross join submission
where submission.is_started or grouped.outcome <> 'submitted'
window step_order as (order by grouped.display_order)
order by grouped.display_order
