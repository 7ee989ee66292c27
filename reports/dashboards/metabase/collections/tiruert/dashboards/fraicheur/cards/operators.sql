---
entity_id: null
name: Opérateurs suivis
description: SIREN qui ont eu des sessions dans le mois ou dans les semaines précédentes.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","operators"]':
      column_title: Opérateurs
      decimals: 0
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 2d54c156-6d5d-542f-ad4a-f960db1b27c7
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 70c55c6a-6a9f-537e-9948-9c5d9a7e0252
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

select count(*) as operators
from data_freshness
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
