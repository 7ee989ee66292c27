---
entity_id: null
name: Délais de réception
description: 'Heures entre la fin d''une session et sa réception : ce que la moitié des sessions ne dépassent pas, et ce que
  95 % ne dépassent pas. Les 12 opérateurs les plus lents.'
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","last_received_at"]':
      column_title: Dernière réception
    '["name","late_share"]':
      column_title: Hors délai
      decimals: 2
      number_separators: ', '
      number_style: percent
    '["name","median_delay_hours"]':
      column_title: Médiane (h)
      decimals: 0
      number_separators: ', '
    '["name","percentile_95_delay_hours"]':
      column_title: 95 % (h)
      decimals: 0
      number_separators: ', '
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
    '["name","siren"]':
      column_title: SIREN
  graph.dimensions:
  - amenageur_name
  graph.metrics:
  - median_delay_hours
  - percentile_95_delay_hours
  graph.show_values: true
  graph.x_axis.title_text: Aménageur
  graph.y_axis.title_text: Délai (heures)
  series_settings:
    median_delay_hours:
      color: '#004488'
      title: Médiane
    percentile_95_delay_hours:
      color: '#6699CC'
      title: 95 % des sessions
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: a3c3be1a-4abb-5bc1-ade6-982b9850779d
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 090ead1c-06bf-52dc-8fcb-1cce948d9331
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
    coalesce(nullif(trim(amenageur_name), ''), siren) as amenageur_name,
    median_delay_hours,
    percentile_95_delay_hours,
    late_share,
    sessions,
    last_received_at,
    siren
from data_freshness
where
    period = (select chosen.period from chosen)
    and sessions > 0
    [[and siren = {{siren}}]]
order by percentile_95_delay_hours desc, median_delay_hours desc, siren asc
limit 12
