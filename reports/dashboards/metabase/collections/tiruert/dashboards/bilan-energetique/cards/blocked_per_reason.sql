---
entity_id: null
name: Énergie bloquée par motif
description: Énergie valide qui ne peut pas être transmise. Corriger la donnée dans QualiCharge puis recalculer le mois la
  libère.
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
    '["name","reason"]':
      column_title: Motif
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
  graph.dimensions:
  - reason
  graph.metrics:
  - energy_mwh
  graph.show_values: true
  graph.x_axis.title_text: Motif
  graph.y_axis.title_text: Énergie (MWh)
  series_settings:
    energy_mwh:
      color: '#997700'
      title: Énergie bloquée
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 9afa7938-71e0-57d1-9f06-1939efbd3e91
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 181ec2f2-06c5-59d3-b088-40751a04c6bd
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

blocked as (
    select
        blocking_reason,
        sum(energy_mwh) as energy_mwh,
        sum(sessions) as sessions
    from blocked_energy_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by blocking_reason
)

select
    labels.title as reason,
    blocked.energy_mwh,
    blocked.sessions,
    labels.explanation
from blocked
inner join reason_labels as labels
    on
        blocked.blocking_reason = labels.reason
        and labels.period = (select chosen.period from chosen)
order by blocked.energy_mwh desc, labels.display_order asc
