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

days as (
    select * from anomalies_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
),

received as (
    select sum(received_kwh) / 1000 as energy_mwh
    from days
),

rejected as (
    select
        flag.flag_name,
        sum(flag.energy_kwh) / 1000 as energy_mwh
    from days
    cross join
        lateral (
            values
            ('negs', rejected_by_negs_kwh),
            ('eneu', rejected_by_eneu_kwh),
            ('enea', rejected_by_enea_kwh),
            ('odus', rejected_by_odus_kwh),
            ('enex', rejected_by_enex_kwh),
            ('duplicate', rejected_by_duplicate_kwh),
            ('overlap', rejected_by_overlap_kwh),
            ('invalid_energy', rejected_by_invalid_energy_kwh),
            ('invalid_time', rejected_by_invalid_time_kwh),
            ('hidden_overlap', rejected_by_hidden_overlap_kwh)
        ) as flag (flag_name, energy_kwh)
    group by flag.flag_name
),

blocked as (
    select
        blocking_reason,
        sum(energy_mwh) as energy_mwh
    from blocked_energy_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by blocking_reason
),

submitted as (
    select
        sum(not_sent_mwh) as not_sent_mwh,
        sum(refused_mwh) as refused_mwh,
        sum(uncertain_mwh) as uncertain_mwh,
        -- Energy that was recomputed after CARBURE acknowledged it.
        sum(carbure_mwh - acknowledged_mwh - locked_mwh) as changed_mwh
    from submission_status_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
),

steps as (
    select
        step.display_order,
        step.title,
        step.energy_mwh
    from received
    cross join submitted
    cross join
        lateral (
            values
            (0, 'Reçu', received.energy_mwh),
            (30, 'Non transmis', -submitted.not_sent_mwh),
            (31, 'Refusé par CARBURE', -submitted.refused_mwh),
            (32, 'Sans réponse claire', -submitted.uncertain_mwh),
            (33, 'Recalculé depuis', submitted.changed_mwh)
        ) as step (display_order, title, energy_mwh)
    union all
    select
        labels.display_order,
        labels.title,
        -rejected.energy_mwh as energy_mwh
    from rejected
    inner join reason_labels as labels
        on rejected.flag_name = labels.reason and labels.kind = 'rejection'
    union all
    select
        10 + labels.display_order as display_order,
        labels.title,
        -blocked.energy_mwh as energy_mwh
    from blocked
    inner join reason_labels as labels
        on blocked.blocking_reason = labels.reason and labels.kind = 'blocking'
)

select
    title as step,
    energy_mwh
from steps
where display_order = 0 or energy_mwh <> 0
order by display_order
