---
entity_id: null
name: Énergie rejetée par règle
description: 'Une session qui enfreint plusieurs règles compte sous chacune : les barres se recouvrent, et leur somme dépasse
  l''énergie rejetée.'
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","energy_mwh"]':
      column_title: Énergie (MWh)
      decimals: 3
      number_separators: ', '
    '["name","explanation"]':
      column_title: Définition
    '["name","rule_title"]':
      column_title: Règle
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
  graph.dimensions:
  - rule_title
  graph.metrics:
  - energy_mwh
  graph.show_values: true
  graph.x_axis.title_text: Règle
  graph.y_axis.title_text: Énergie (MWh)
  series_settings:
    energy_mwh:
      color: '#994455'
      title: Énergie rejetée
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: ba078338-ddcb-591e-98b3-c3b69ae5177c
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 6b6c1a64-2a66-53df-a1b3-11dca1b920e6
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

flags as (
    select
        flag.flag_name,
        sum(flag.energy_kwh) / 1000 as energy_mwh,
        sum(flag.sessions) as sessions
    from days
    cross join
        lateral (
            values
            ('negs', negs_kwh, negs_sessions),
            ('eneu', eneu_kwh, eneu_sessions),
            ('enea', enea_kwh, enea_sessions),
            ('odus', odus_kwh, odus_sessions),
            ('enex', enex_kwh, enex_sessions),
            ('duplicate', duplicate_kwh, duplicate_sessions),
            ('overlap', overlap_kwh, overlap_sessions),
            ('invalid_energy', invalid_energy_kwh, invalid_energy_sessions),
            ('invalid_time', invalid_time_kwh, invalid_time_sessions),
            ('hidden_overlap', hidden_overlap_kwh, hidden_overlap_sessions)
        ) as flag (flag_name, energy_kwh, sessions)
    group by flag.flag_name
)

select
    labels.title as rule_title,
    flags.energy_mwh,
    flags.sessions,
    labels.explanation
from flags
inner join reason_labels as labels
    on flags.flag_name = labels.reason and labels.kind = 'rejection'
order by flags.energy_mwh desc, labels.display_order asc
