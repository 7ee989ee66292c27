---
entity_id: null
name: État par mois
description: Énergie calculée selon l'état de sa station, sur les 24 mois qui finissent avec le mois choisi.
display: bar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","acknowledged_mwh"]':
      column_title: Acquittée (MWh)
      decimals: 3
      number_separators: ', '
    '["name","locked_mwh"]':
      column_title: Verrouillée (MWh)
      decimals: 3
      number_separators: ', '
    '["name","not_sent_mwh"]':
      column_title: Non transmise (MWh)
      decimals: 3
      number_separators: ', '
    '["name","period"]':
      column_title: Mois
    '["name","refused_mwh"]':
      column_title: Refusée (MWh)
      decimals: 3
      number_separators: ', '
    '["name","uncertain_mwh"]':
      column_title: Sans réponse claire (MWh)
      decimals: 3
      number_separators: ', '
  graph.dimensions:
  - period
  graph.metrics:
  - acknowledged_mwh
  - locked_mwh
  - not_sent_mwh
  - uncertain_mwh
  - refused_mwh
  graph.show_values: true
  graph.x_axis.scale: ordinal
  graph.x_axis.title_text: Mois
  graph.y_axis.title_text: Énergie (MWh)
  series_settings:
    acknowledged_mwh:
      color: '#004488'
      title: Acquittée
    locked_mwh:
      color: '#555555'
      title: Verrouillée
    not_sent_mwh:
      color: '#6699CC'
      title: Non transmise
    refused_mwh:
      color: '#994455'
      title: Refusée
    uncertain_mwh:
      color: '#997700'
      title: Sans réponse claire
  stackable.stack_type: stacked
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 27d4c2bd-179d-58f3-90ae-04d9cb503d9f
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 6bac6a77-13b5-544a-b118-f9476036774f
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
    period,
    sum(acknowledged_mwh) as acknowledged_mwh,
    sum(locked_mwh) as locked_mwh,
    sum(not_sent_mwh) as not_sent_mwh,
    sum(uncertain_mwh) as uncertain_mwh,
    sum(refused_mwh) as refused_mwh
from submission_status_monthly
where
    period <= (select chosen.period from chosen)
    and period > (select chosen.period from chosen) - interval '24 months'
    [[and siren = {{siren}}]]
group by period
order by period
