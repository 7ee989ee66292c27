{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }} and broken_rules is not null
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
),

rules as (
    select
        energy.period,
        energy.started_on,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        broken.rule,
        energy.sessions,
        energy.energy_kwh,
        -- Rules are in the order of the catalogue.
        coalesce(broken.rule = energy.rejection_reasons[1], false) as is_first
    from energy
    cross join unnest(energy.broken_rules) as broken (rule)
    left join stations on energy.station_id = stations.station_id
)

select
    period,
    started_on,
    siren,
    max(amenageur_name) as amenageur_name,
    operational_unit_code,
    rule,
    cast(sum(sessions) as bigint) as sessions,
    sum(energy_kwh) as energy_kwh,
    {{ sessions_and_kwh('first', 'is_first') }},
    {{ computed_at() }} as computed_at
from rules
group by period, started_on, siren, operational_unit_code, rule
