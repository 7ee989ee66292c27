---
entity_id: null
name: Taux par règle
description: Part des sessions du mois qui enfreignent chaque règle. Une session compte sous chacune de celles qu'elle enfreint.
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","explanation"]':
      column_title: Définition
    '["name","rule_title"]':
      column_title: Règle
    '["name","session_share"]':
      column_title: Part des sessions
      decimals: 2
      number_separators: ', '
      number_style: percent
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
  graph.dimensions:
  - rule_title
  graph.metrics:
  - session_share
  graph.show_values: true
  graph.x_axis.title_text: Règle
  graph.y_axis.title_text: Part des sessions
  series_settings:
    session_share:
      color: '#994455'
      title: Part des sessions
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 1d507b66-9fe5-54b4-a427-7a2eebf42939
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 05f9f170-ba6a-5a13-9104-0df76cccfca2
    name: siren
    type: text
---
---body---
with

-- The chosen month, or else the latest complete one.
chosen as (
    select coalesce([[to_date({{period}}, 'YYYY-MM'),]] period) as period
    from latest_complete_month
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
    coalesce(rules.sessions, 0) / received.sessions as session_share,
    coalesce(rules.sessions, 0) as sessions,
    labels.explanation
from reason_labels as labels
cross join received
left join rules on labels.reason = rules.rule
where
    labels.period = (select chosen.period from chosen)
    and labels.kind = 'rejection'
    and received.sessions > 0
order by session_share desc, labels.display_order asc
