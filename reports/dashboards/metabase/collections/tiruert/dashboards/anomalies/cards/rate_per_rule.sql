---
entity_id: null
name: Taux par règle
description: Part des sessions du mois qui enfreignent chaque règle. Une session compte sous chacune de celles qu'elle enfreint.
display: row
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","explanation"]':
      column_title: Définition
    '["name","rule_title"]':
      column_title: Règle
    '["name","session_share"]':
      column_title: Part des sessions
      decimals: 2
      number_separators: ', '
      number_style: percent
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
  graph.dimensions:
  - rule_title
  graph.metrics:
  - session_share
  graph.show_values: true
  graph.x_axis.title_text: Règle
  graph.y_axis.title_text: Part des sessions
  series_settings:
    session_share:
      color: '#994455'
      title: Part des sessions
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: 1d507b66-9fe5-54b4-a427-7a2eebf42939
    name: period
    type: text
  siren:
    display-name: SIREN
    id: 05f9f170-ba6a-5a13-9104-0df76cccfca2
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
        sum(flag.sessions) as sessions,
        sum(flag.sessions) / nullif(sum(days.received_sessions), 0) as session_share
    from days
    cross join
        lateral (
            values
            ('negs', negs_sessions),
            ('eneu', eneu_sessions),
            ('enea', enea_sessions),
            ('odus', odus_sessions),
            ('enex', enex_sessions),
            ('duplicate', duplicate_sessions),
            ('overlap', overlap_sessions),
            ('invalid_energy', invalid_energy_sessions),
            ('invalid_time', invalid_time_sessions),
            ('hidden_overlap', hidden_overlap_sessions)
        ) as flag (flag_name, sessions)
    group by flag.flag_name
)

select
    labels.title as rule_title,
    flags.session_share,
    flags.sessions,
    labels.explanation
from flags
inner join reason_labels as labels
    on flags.flag_name = labels.reason and labels.kind = 'rejection'
order by flags.session_share desc, labels.display_order asc
