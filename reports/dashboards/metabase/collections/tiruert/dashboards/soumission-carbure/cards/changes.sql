---
entity_id: null
name: Pourquoi les chiffres ont changé
description: 'Stations dont l''énergie, l''aménageur ou l''état a changé depuis le premier acquittement de CARBURE, et pourquoi
  : les 20 plus grands écarts.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","cause"]':
      column_title: Cause
    '["name","change_mwh"]':
      column_title: Effet (MWh)
      decimals: 6
      number_separators: ', '
    '["name","computed_mwh"]':
      column_title: Calculé (MWh)
      decimals: 6
      number_separators: ', '
    '["name","first_mwh"]':
      column_title: Premier acquitté (MWh)
      decimals: 6
      number_separators: ', '
    '["name","id_station_itinerance"]':
      column_title: Station
    '["name","sessions"]':
      column_title: Sessions
    '["name","value_after"]':
      column_title: Après
    '["name","value_before"]':
      column_title: Avant
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 0b9d3f52-6d6c-5a3e-9a44-0c1c4b7f5a10
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 5a0f7a3c-58c4-5a36-8c0e-9d2f4ce1b722
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
    first_mwh,
    computed_mwh,
    title as cause,
    sessions,
    change_mwh,
    value_before,
    value_after
from acknowledged_changes
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by abs(computed_mwh - first_mwh) desc, id_station_itinerance asc, title asc
limit 20
