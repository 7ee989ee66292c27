---
entity_id: null
name: Sessions rejetées
description: Part des sessions du mois qui enfreignent au moins une règle.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","rejected_share"]':
      column_title: Part
      decimals: 2
      number_separators: ', '
      number_style: percent
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 99f1ce39-f642-5194-ba9f-8583fac5e396
    name: period
    type: text
  siren:
    display-name: SIREN
    id: e43d0eca-5ddb-5710-b927-aead103c65bc
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

select sum(rejected_sessions) / nullif(sum(received_sessions), 0) as rejected_share
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
