-- Not in parallel: PostgreSQL overestimates the number of groups and would choose a parallel sort,
-- which is slower than one process that hashes.
{{ config(
    materialized='monthly_replace',
    partitioned=true,
    sql_header='set local max_parallel_workers_per_gather = 0;'
) }}

with

flags as (
    select * from {{ ref('int_session_flags') }}
    where period = {{ period_date() }}
),

charge_points as (
    select * from {{ ref('int_charge_points') }}
    where period = {{ period_date() }}
),

sessions as (
    select
        flags.period,
        {{ day_of('flags.started_at') }} as started_on,
        charge_points.station_id,
        {{ charge_point_blocking_reason('charge_points') }} as blocking_reason,
        flags.broken_rules,
        flags.rejection_reasons,
        flags.is_rejected,
        {{ booked_energy_kwh('flags.energy_kwh') }} as booked_energy_kwh
    from flags
    left join charge_points on flags.charge_point_id = charge_points.charge_point_id
)

select
    period,
    started_on,
    station_id,
    blocking_reason,
    broken_rules,
    rejection_reasons,
    is_rejected,
    count(*) as sessions,
    sum(booked_energy_kwh) as energy_kwh
from sessions
group by
    period,
    started_on,
    station_id,
    blocking_reason,
    broken_rules,
    rejection_reasons,
    is_rejected
