---
entity_id: null
name: Énergie rejetée par règle
description: 'Une session qui enfreint plusieurs règles compte sous chacune : les barres se recouvrent, et leur somme dépasse
  l''énergie rejetée.'
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","energy_mwh"]':
      column_title: Énergie (MWh)
      decimals: 3
      number_separators: ', '
    '["name","explanation"]':
      column_title: Définition
    '["name","rule_title"]':
      column_title: Règle
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
  graph.dimensions:
  - rule_title
  graph.metrics:
  - energy_mwh
  graph.show_values: true
  graph.x_axis.title_text: Règle
  graph.y_axis.title_text: Énergie (MWh)
  series_settings:
    energy_mwh:
      color: '#994455'
      title: Énergie rejetée
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: ba078338-ddcb-591e-98b3-c3b69ae5177c
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 6b6c1a64-2a66-53df-a1b3-11dca1b920e6
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
    coalesce(rules.energy_mwh, 0) as energy_mwh,
    coalesce(rules.sessions, 0) as sessions,
    labels.explanation
from reason_labels as labels
left join rules on labels.reason = rules.rule
where
    labels.period = (select chosen.period from chosen)
    and labels.kind = 'rejection'
order by energy_mwh desc, labels.display_order asc
