---
entity_id: null
name: Les pires points de charge
description: Les 20 points de charge dont la plus grande part des sessions est rejetée, avec la cause probable là où les données
  la montrent.
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","amenageur_name"]':
      column_title: Aménageur
    '["name","cause"]':
      column_title: Cause probable
    '["name","id_pdc_itinerance"]':
      column_title: Point de charge
    '["name","max_power_kw"]':
      column_title: Puissance (kW)
      decimals: 1
      number_separators: ', '
    '["name","median_excess"]':
      column_title: Excès médian (×)
      decimals: 2
      number_separators: ', '
    '["name","rank"]':
      column_title: Rang
      decimals: 0
      number_separators: ', '
    '["name","rejected_mwh"]':
      column_title: Énergie rejetée (MWh)
      decimals: 3
      number_separators: ', '
    '["name","rejected_share"]':
      column_title: Part rejetée
      decimals: 1
      number_separators: ', '
      number_style: percent
    '["name","sessions"]':
      column_title: Sessions
      decimals: 0
      number_separators: ', '
template_tags:
  period:
    display-name: Mois (AAAA-MM)
    id: b4145584-433e-5a27-917f-0e7e3afba18b
    name: period
    type: text
  siren:
    display-name: SIREN
    id: dba01335-ebba-5d8b-9dda-d787c6c2b0a0
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

worst as (
    select * from anomalous_charge_points
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    order by rank
    limit 20
)

select
    worst.rank,
    worst.id_pdc_itinerance,
    worst.amenageur_name,
    worst.max_power_kw,
    worst.sessions,
    worst.rejected_share,
    worst.rejected_kwh / 1000 as rejected_mwh,
    worst.median_excess,
    labels.title as cause
from worst
left join reason_labels as labels
    on worst.period = labels.period and worst.likely_cause = labels.reason
order by worst.rank
