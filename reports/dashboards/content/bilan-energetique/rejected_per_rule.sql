with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

rules as (
    select
        rule,
        sum(energy_kwh) / 1000 as energy_mwh,
        sum(sessions) as sessions
    from anomalies_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by rule
)

select
    labels.title as rule_title,
    coalesce(rules.energy_mwh, 0) as rejected_mwh,
    coalesce(rules.sessions, 0) as sessions,
    labels.explanation
from reason_labels as labels
left join rules on labels.reason = rules.rule
where
    labels.period = (select chosen.period from chosen)
    and labels.kind = 'rejection'
order by rejected_mwh desc, labels.display_order asc
