---
entity_id: null
name: Énergie reçue
description: Énergie des sessions commencées dans le mois, telle que les opérateurs l'ont envoyée.
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
    id: 25ac0518-6c35-5827-bdf5-c9e300ea0bda
    name: period
    type: text
  siren:
    display-name: SIREN
    id: b0987823-2a87-533d-bcf8-dd5922a21526
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

select sum(received_kwh) / 1000 as energy_mwh
from energy_balance_daily
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
