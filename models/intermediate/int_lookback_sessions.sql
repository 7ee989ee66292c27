{{ config(materialized='monthly_replace', partitioned=true, keeps_inputs=true) }}

-- Of the sessions before the month, only these can change a flag: the last that each charge point
-- compares with, and those that end in the month.

with

sessions as (
    select
        session_id,
        charge_point_id,
        started_at,
        ended_at,
        received_at,
        {{ has_valid_time('started_at', 'ended_at') }} as has_valid_time
    from {{ inputs_of_month(ref('stg_qualicharge__sessions')) }}
    where
        started_at >= {{ lookback_start() }}
        and started_at < {{ period_start() }}
        and charge_point_id is not null
),

last_of_charge_point as (
    select distinct on (charge_point_id) *
    from sessions
    where has_valid_time
    order by
        charge_point_id asc,
        started_at desc,
        ended_at desc,
        received_at desc,
        session_id desc
),

relevant as (
    select * from last_of_charge_point

    union

    select * from sessions
    where ended_at > {{ period_start() }} or not has_valid_time
)

select
    session_id,
    charge_point_id,
    started_at,
    ended_at,
    received_at,
    {{ period_date() }} as period
from relevant
