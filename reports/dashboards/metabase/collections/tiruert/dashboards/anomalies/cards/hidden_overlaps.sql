---
entity_id: null
name: Chevauchements masqués par aménageur
description: 'Ce que rejeter aussi les chevauchements masqués changerait : les 20 aménageurs qui y perdraient le plus d''énergie
  transmissible.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","decisive_mwh"]':
      column_title: Leur énergie (MWh)
      decimals: 3
      number_separators: ', '
    '["name","decisive_sessions"]':
      column_title: Dont qu'aucune autre règle ne rejette
      decimals: 0
      number_separators: ', '
    '["name","decisive_stations"]':
      column_title: Stations touchées
      decimals: 0
      number_separators: ', '
    '["name","hidden_overlap_sessions"]':
      column_title: Sessions masquées
      decimals: 0
      number_separators: ', '
    '["name","siren"]':
      column_title: SIREN
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 2ddc9b14-4208-5ea9-85c0-2ac605a2b700
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 3ff557c1-7886-5144-9f9d-4cd6ccb143cf
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

select
    amenageur_name,
    siren,
    hidden_overlap_sessions,
    decisive_sessions,
    decisive_mwh,
    decisive_stations
from hidden_overlaps_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by decisive_mwh desc, hidden_overlap_sessions desc, siren asc
limit 20
