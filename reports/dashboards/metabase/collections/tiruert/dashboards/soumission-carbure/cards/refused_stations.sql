---
entity_id: null
name: Stations refusées
description: Stations que CARBURE a refusées et n'a jamais acquittées.
display: scalar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","stations"]':
      column_title: Stations
      decimals: 0
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: cb8b4ad8-d3ee-5718-a54e-c998526a9cf8
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 63293b80-4e3e-5166-82ca-a70456b08c63
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

select sum(refused_stations) as stations
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
