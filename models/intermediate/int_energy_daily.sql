-- Not in parallel: PostgreSQL overestimates the number of groups and would choose a parallel sort,
-- which is slower than one process that hashes.
{{ config(
    materialized='monthly_replace',
    partitioned=true,
    sql_header='set local max_parallel_workers_per_gather = 0;',
    tags=['sessions']
) }}

with

sessions as (
    select
        *,
        {{ day_of('started_at') }} as started_on
    from {{ ref('int_session_flags') }}
    where period = {{ period_date() }}
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
    {{ sum_booked('energy_kwh') }} as energy_kwh
from sessions
group by
    {{ group_apart('energy_kwh', ['session_id', 'started_at']) }}
    period,
    started_on,
    station_id,
    blocking_reason,
    broken_rules,
    rejection_reasons,
    is_rejected
