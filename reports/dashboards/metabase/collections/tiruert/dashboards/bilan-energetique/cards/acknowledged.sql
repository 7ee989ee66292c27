---
entity_id: null
name: Énergie acquittée
description: Énergie que CARBURE a acquittée pour le mois.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","energy_mwh"]':
      column_title: Énergie
      decimals: 3
      number_separators: ', '
      suffix:  MWh
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 0b6ddddb-4d77-53af-8c2b-d20fba00f64c
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 3a962a6d-e350-5725-ae05-ab39adf57fd2
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

select sum(carbure_mwh) as energy_mwh
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
