---
entity_id: null
name: Stations qui diffèrent
description: Stations transmises dont l'énergie, le SIREN ou l'unité a changé depuis.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","stations"]':
      column_title: Stations
      decimals: 0
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 9d3787c0-64d0-5cf0-a204-bfa2ef652e57
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 085610db-559e-503e-a0a2-f8cec720dc62
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

select sum(different_stations) as stations
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
