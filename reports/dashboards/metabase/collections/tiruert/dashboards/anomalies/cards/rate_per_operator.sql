---
entity_id: null
name: Taux par opérateur
description: Les 20 aménageurs dont la plus grande part des sessions est rejetée.
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","operator_name"]':
      column_title: Aménageur
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
    '["name","siren"]':
      column_title: SIREN
  graph.dimensions:
  - operator_name
  graph.metrics:
  - rejected_share
  graph.show_values: true
  graph.x_axis.title_text: Aménageur
  graph.y_axis.title_text: Part des sessions rejetées
  series_settings:
    rejected_share:
      color: '#994455'
      title: Part rejetée
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 8159eaf6-4d8e-509d-94a8-79c8ddd58b5f
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 056bcbc8-85d8-5852-b427-5b051f485511
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

operators as (
    select
        siren,
        max(amenageur_name) as amenageur_name,
        sum(received_sessions) as sessions,
        sum(rejected_sessions) as rejected_sessions
    from energy_balance_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by siren
)

select
    coalesce(nullif(trim(amenageur_name), ''), siren, 'Sans aménageur ni SIREN') as operator_name,
    rejected_sessions / nullif(sessions, 0) as rejected_share,
    rejected_sessions,
    sessions,
    siren
from operators
order by rejected_share desc, sessions desc, siren asc
limit 20
