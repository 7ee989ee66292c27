---
entity_id: null
name: Sessions hors délai
description: Part des sessions reçues après le délai légal.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","late_share"]':
      column_title: Part
      decimals: 2
      number_separators: ', '
      number_style: percent
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 55593bb4-6ee5-5631-a951-e7b0513f70f4
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 6651fbed-db67-574e-bbb4-31c5f75bc62a
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

select sum(late_share * sessions) / nullif(sum(sessions), 0) as late_share
from data_freshness
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
