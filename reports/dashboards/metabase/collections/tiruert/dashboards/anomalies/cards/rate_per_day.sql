---
entity_id: null
name: Taux par jour
description: Part des sessions rejetées, selon le jour où elles commencent.
display: line
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","rejected_sessions"]':
      column_title: Sessions rejetées
      decimals: 0
      number_separators: ', '
    '["name","rejected_share"]':
      column_title: Part rejetée
      decimals: 2
      number_separators: ', '
      number_style: percent
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
    '["name","started_on"]':
      column_title: Jour
  graph.dimensions:
  - started_on
  graph.metrics:
  - rejected_share
  graph.show_values: false
  graph.x_axis.title_text: Jour
  graph.y_axis.title_text: Part des sessions rejetées
  series_settings:
    rejected_share:
      color: '#994455'
      title: Part rejetée
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: d8c624cc-80dd-5910-bf23-c7405ce6b3df
    name: period
    type: text
  siren:
    display-name: SIREN
    id: df254865-5a4d-57b4-91e9-8c8ed206abf6
    name: siren
    type: text
---
---body---
with

-- The chosen month, or else the latest complete one.
chosen as (
    select coalesce([[to_date({{period}}, 'YYYY-MM'),]] period) as period
    from latest_complete_month
)

select
    started_on,
    sum(rejected_sessions) / nullif(sum(received_sessions), 0) as rejected_share,
    sum(rejected_sessions) as rejected_sessions,
    sum(received_sessions) as sessions
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
group by started_on
order by started_on
