---
entity_id: null
name: Stations verrouillées
description: 'Stations devenues certificats : elles ne peuvent plus changer.'
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
    id: dc4050d7-238b-55b0-9a09-437d094689e5
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 0f946f16-6ec2-56e4-980b-46319faafb3d
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

select sum(locked_stations) as stations
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
