---
entity_id: null
name: Points de charge anormaux
description: Points de charge dont une grande part des sessions est rejetée.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","charge_points"]':
      column_title: Points de charge
      decimals: 0
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: e2416fdb-cbc2-53d5-9088-bb3feab73654
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 65da7cef-3a52-519d-9b79-41d53d350a49
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

select count(*) as charge_points
from anomalous_charge_points
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
