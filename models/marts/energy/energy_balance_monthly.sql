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
    {{ sessions_and_kwh('received', 'true') }},
    {{ sessions_and_kwh('rejected', 'is_rejected') }},
    {{ sessions_and_kwh('blocked', 'not is_rejected and is_blocked') }},
    {{ sessions_and_kwh('sendable', 'not is_rejected and not is_blocked') }},
    {{ computed_at() }} as computed_at
from outcomes
group by period
