---
entity_id: null
name: État par SIREN
description: 'Énergie calculée du mois selon son état, en MWh : les 50 SIREN dont le plus d''énergie n''est pas acquittée
  d''abord.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","acknowledged_mwh"]':
      column_title: Acquittée
      decimals: 3
      number_separators: ', '
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","blocked_mwh"]':
      column_title: Bloquée
      decimals: 3
      number_separators: ', '
    '["name","computed_mwh"]':
      column_title: Calculée
      decimals: 3
      number_separators: ', '
    '["name","different_stations"]':
      column_title: Stations qui diffèrent
      decimals: 0
      number_separators: ', '
    '["name","locked_mwh"]':
      column_title: Verrouillée
      decimals: 3
      number_separators: ', '
    '["name","not_sent_mwh"]':
      column_title: Non transmise
      decimals: 3
      number_separators: ', '
    '["name","refused_mwh"]':
      column_title: Refusée
      decimals: 3
      number_separators: ', '
    '["name","siren"]':
      column_title: SIREN
    '["name","uncertain_mwh"]':
      column_title: Sans réponse claire
      decimals: 3
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: b8a44a0f-e7e7-54c2-aec4-3743817a9316
    name: period
    type: text
  siren:
    display-name: SIREN
    id: e388c9cb-c78a-54b3-b13e-fdeb4c303935
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
    computed_mwh,
    acknowledged_mwh,
    locked_mwh,
    not_sent_mwh,
    uncertain_mwh,
    refused_mwh,
    blocked_mwh,
    different_stations
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by
    not_sent_mwh + uncertain_mwh + refused_mwh + blocked_mwh desc,
    computed_mwh desc,
    siren asc
limit 50
