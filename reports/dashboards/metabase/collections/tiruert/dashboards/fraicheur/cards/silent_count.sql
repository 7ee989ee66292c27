---
entity_id: null
name: Opérateurs silencieux
description: SIREN restés sans session au moins un jour du mois, alors qu'ils en avaient avant.
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
    id: e0991fa1-2ce7-5567-9b9c-9eedab27bbfa
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 217e3b0f-ce14-549d-a06a-57329a4a3efc
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

select count(*) filter (where silent_days > 0) as operators
from data_freshness
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
