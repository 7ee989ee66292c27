---
entity_id: null
name: Énergie rejetée
description: Énergie des sessions qui enfreignent au moins une règle.
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
    id: 28be83c3-3615-5281-8a55-e5f4979db384
    name: period
    type: text
  siren:
    display-name: SIREN
    id: c259c711-ea1a-5823-bd15-9c992c583288
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

select sum(rejected_kwh) / 1000 as energy_mwh
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
