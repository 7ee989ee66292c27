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
    id: e2581fc3-e086-5f4f-9a7f-1cae1751a542
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 416b99d1-2248-548f-8816-0c8527c0fb42
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
