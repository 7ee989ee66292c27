{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_station_history') }}
),

-- Grouped first: four rows to sum conditionally.
outcomes as (
    select
        energy.period,
        energy.is_rejected,
        {{ blocking_reason('energy', 'stations') }} is not null as is_blocked,
        sum(energy.sessions) as sessions,
        sum(energy.energy_kwh) as energy_kwh
    from energy
    left join stations on energy.station_version_id = stations.station_version_id
    group by
        energy.period,
        energy.is_rejected,
        {{ blocking_reason('energy', 'stations') }} is not null
)

select
    period,
    {% for outcome, condition in outcome_conditions().items() -%}
        {{ sessions_and_kwh(outcome, condition) }},
    {% endfor -%}
    {{ computed_at() }} as computed_at
from outcomes
group by period
