---
entity_id: null
name: Refus de CARBURE
description: 'Ce que CARBURE a répondu des stations qu''il a refusées : les 50 refus les plus récents.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","energy_mwh"]':
      column_title: Énergie (MWh)
      decimals: 6
      number_separators: ', '
    '["name","id_station_itinerance"]':
      column_title: Station
    '["name","reason"]':
      column_title: Motif donné par CARBURE
    '["name","sent_at"]':
      column_title: Envoyé le
    '["name","siren"]':
      column_title: SIREN
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 72c1a65c-fde8-5cfd-b43a-72dfedcbcad1
    name: period
    type: text
  siren:
    display-name: SIREN
    id: d6a1782a-d127-54d4-9f1c-ce281682e906
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
    sent_at,
    id_station_itinerance,
    amenageur_name,
    siren,
    energy_mwh,
    reason
from station_submissions
where
    period = (select chosen.period from chosen)
    and reason is not null
    [[and siren = {{siren}}]]
order by sent_at desc, id_station_itinerance asc
limit 50
