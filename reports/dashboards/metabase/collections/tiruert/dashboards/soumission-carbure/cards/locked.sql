---
entity_id: null
name: Stations verrouillées
description: 'Stations devenues certificats, que CARBURE ne laisse plus changer : les 20 plus grands écarts d''abord.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","acknowledged_mwh"]':
      column_title: Acquitté (MWh)
      decimals: 6
      number_separators: ', '
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","computed_mwh"]':
      column_title: Calculé (MWh)
      decimals: 6
      number_separators: ', '
    '["name","difference_mwh"]':
      column_title: Écart (MWh)
      decimals: 6
      number_separators: ', '
    '["name","id_station_itinerance"]':
      column_title: Station
    '["name","siren"]':
      column_title: SIREN
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: d3aef1ce-0a46-5b2d-a0b0-59d6cb9cf295
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 42becf81-7002-5fe3-a141-9575e9084882
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
    id_station_itinerance,
    amenageur_name,
    siren,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh
from station_energy_changes
where
    period = (select chosen.period from chosen)
    and status = 'locked'
    [[and siren = {{siren}}]]
order by abs(difference_mwh) desc, id_station_itinerance asc
limit 20
