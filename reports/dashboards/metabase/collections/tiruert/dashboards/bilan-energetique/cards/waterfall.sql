---
entity_id: null
name: De la réception à CARBURE
description: 'Chaque barre part d''où finit la précédente : ce qui est reçu, ce qui s''en perd et pourquoi, et au total ce
  que CARBURE a acquitté. Une session qui enfreint plusieurs règles est comptée sous la première.'
display: waterfall
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","energy_mwh"]':
      column_title: Énergie (MWh)
      decimals: 3
      number_separators: ', '
    '["name","step"]':
      column_title: Étape
  graph.dimensions:
  - step
  graph.metrics:
  - energy_mwh
  graph.show_values: true
  graph.x_axis.scale: ordinal
  graph.x_axis.title_text: Étape
  graph.y_axis.title_text: Énergie (MWh)
  waterfall.decrease_color: '#994455'
  waterfall.increase_color: '#004488'
  waterfall.show_total: true
  waterfall.total_color: '#555555'
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: d25a54fe-608e-5661-9b5f-cc5f7bb54e73
    name: period
    type: text
  siren:
    display-name: SIREN
    id: f09679e0-cd9d-5928-be06-94690af85ca4
    name: siren
    type: text
---
---body---
with

-- The chosen month, or else the latest complete one.
chosen as (
    select coalesce([[to_date({{period}}, 'YYYY-MM'),]] period) as period
    from latest_complete_month
),

steps as (
    select * from energy_steps_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
)

select
    title as step,
    sum(energy_mwh) as energy_mwh
from steps
group by display_order, title
having display_order = 0 or sum(energy_mwh) <> 0
order by display_order
