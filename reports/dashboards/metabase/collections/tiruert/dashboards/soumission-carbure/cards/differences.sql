---
entity_id: null
name: Écarts avec CARBURE
description: 'Stations transmises dont le calcul d''aujourd''hui diffère de ce que CARBURE a acquitté : les 20 plus grands
  écarts.'
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
    '["name","can_be_sent"]':
      column_title: Transmissible
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
    '["name","is_moved"]':
      column_title: SIREN ou unité changé
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 1fc4c263-a026-5903-ab2d-c38489236e7c
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 96869401-700e-5d90-a51f-73bd7ae327f0
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
    computed_mwh,
    acknowledged_mwh,
    difference_mwh,
    is_moved,
    can_be_sent
from station_energy_changes
where
    period = (select chosen.period from chosen)
    and status <> 'not_sent'
    and (difference_mwh <> 0 or is_moved)
    [[and siren = {{siren}}]]
order by abs(difference_mwh) desc, id_station_itinerance asc
limit 20
