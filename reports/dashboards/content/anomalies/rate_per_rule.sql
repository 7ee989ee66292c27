with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

received as (
    select sum(received_sessions) as sessions
    from energy_balance_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
),

rules as (
    select
        rule,
        sum(sessions) as sessions
    from anomalies_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by rule
)

select
    labels.title as rule_title,
    coalesce(rules.sessions, 0) / received.sessions as rejected_share,
    coalesce(rules.sessions, 0) as sessions,
    labels.explanation
from reason_labels as labels
cross join received
left join rules on labels.reason = rules.rule
where
    labels.period = (select chosen.period from chosen)
    and labels.kind = 'rejection'
    and received.sessions > 0
order by rejected_share desc, labels.display_order asc
