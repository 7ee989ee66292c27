---
entity_id: null
name: Opérateurs silencieux
description: 'Jours du mois sans session, alors que les semaines précédentes en avaient : les 50 SIREN qui se sont tus le
  plus longtemps.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","last_received_at"]':
      column_title: Dernière réception
    '["name","last_started_on"]':
      column_title: Dernier jour avec une session
    '["name","silent_days"]':
      column_title: Jours de silence
      decimals: 0
      number_separators: ', '
    '["name","silent_on"]':
      column_title: Jours (du mois)
    '["name","siren"]':
      column_title: SIREN
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 55f78af1-98cf-54ff-9d60-16af72a1580f
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 301b9d98-08d6-55b6-87e4-17096c604f0c
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
    silent_days,
    (
        select string_agg(to_char(silent_day, 'FMDD'), ', ' order by silent_day)
        from unnest(silent_on) as silent_day
    ) as silent_on,
    last_started_on,
    last_received_at
from data_freshness
where
    period = (select chosen.period from chosen)
    and silent_days > 0
    [[and siren = {{siren}}]]
order by silent_days desc, siren asc
limit 50
