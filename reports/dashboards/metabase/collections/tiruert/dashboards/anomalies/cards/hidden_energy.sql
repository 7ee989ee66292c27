---
entity_id: null
name: Chevauchements masqués
description: Énergie transmissible que le rejet des chevauchements masqués retirerait.
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
    id: ecd00c92-a859-5879-9bbf-4db03293c7f2
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 311eb61c-0d10-5a02-84d1-989b33c71b51
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

select coalesce(sum(decisive_mwh), 0) as energy_mwh
from hidden_overlaps_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
