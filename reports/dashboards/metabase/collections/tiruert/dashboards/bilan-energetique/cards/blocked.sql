---
entity_id: null
name: Énergie bloquée
description: Énergie des sessions valides dont la station ne peut pas être créditée.
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
    id: 477623bf-e24b-55f9-99ab-545d63dc66c4
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 10444c12-4d56-53bf-afc3-3b661f68d114
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

select sum(blocked_kwh) / 1000 as energy_mwh
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
