---
entity_id: null
name: Évolution mensuelle
description: Où est allée l'énergie reçue, mois par mois, sur les 24 mois qui finissent avec le mois choisi.
display: bar
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","acknowledged_mwh"]':
      column_title: Chez CARBURE (MWh)
      decimals: 3
      number_separators: ', '
    '["name","blocked_mwh"]':
      column_title: Bloquée (MWh)
      decimals: 3
      number_separators: ', '
    '["name","pending_mwh"]':
      column_title: Pas encore chez CARBURE (MWh)
      decimals: 3
      number_separators: ', '
    '["name","period"]':
      column_title: Mois
    '["name","rejected_mwh"]':
      column_title: Rejetée (MWh)
      decimals: 3
      number_separators: ', '
  graph.dimensions:
  - period
  graph.metrics:
  - acknowledged_mwh
  - pending_mwh
  - blocked_mwh
  - rejected_mwh
  graph.show_values: true
  graph.x_axis.scale: ordinal
  graph.x_axis.title_text: Mois
  graph.y_axis.title_text: Énergie (MWh)
  series_settings:
    acknowledged_mwh:
      color: '#004488'
      title: Chez CARBURE
    blocked_mwh:
      color: '#997700'
      title: Bloquée
    pending_mwh:
      color: '#6699CC'
      title: Pas encore chez CARBURE
    rejected_mwh:
      color: '#994455'
      title: Rejetée
  stackable.stack_type: stacked
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 42a5c36b-0a81-5370-b779-7fbebbdc12a5
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 004b47a0-6ee3-5a58-a5d7-202ec27710b2
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

received as (
    select
        period,
        sum(rejected_kwh) / 1000 as rejected_mwh,
        sum(blocked_kwh) / 1000 as blocked_mwh
    from energy_balance_daily
    where
        period <= (select chosen.period from chosen)
        and period > (select chosen.period from chosen) - interval '24 months'
        [[and siren = {{siren}}]]
    group by period
),

submitted as (
    select
        period,
        sum(acknowledged_mwh + locked_mwh) as acknowledged_mwh,
        sum(not_sent_mwh + refused_mwh + uncertain_mwh) as pending_mwh
    from submission_status_monthly
    where
        period <= (select chosen.period from chosen)
        and period > (select chosen.period from chosen) - interval '24 months'
        [[and siren = {{siren}}]]
    group by period
)

select
    received.period,
    coalesce(submitted.acknowledged_mwh, 0) as acknowledged_mwh,
    coalesce(submitted.pending_mwh, 0) as pending_mwh,
    received.blocked_mwh,
    received.rejected_mwh
from received
left join submitted on received.period = submitted.period
order by received.period
