{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
),

-- Grouped first: four rows to sum conditionally.
outcomes as (
    select
        energy.period,
        energy.is_rejected,
        coalesce(energy.blocking_reason, stations.blocking_reason) is not null as is_blocked,
        sum(energy.sessions) as sessions,
        sum(energy.energy_kwh) as energy_kwh
    from energy
    left join stations on energy.station_id = stations.station_id
    group by
        energy.period,
        energy.is_rejected,
        coalesce(energy.blocking_reason, stations.blocking_reason) is not null
)

select
    period,
    {% for outcome, condition in outcome_conditions().items() -%}
        {{ sessions_and_kwh(outcome, condition) }},
    {% endfor -%}
    ({{ sessions_read_at('int_energy_daily') }}) as sessions_read_at,
    {{ computed_at() }} as computed_at
from outcomes
group by period
