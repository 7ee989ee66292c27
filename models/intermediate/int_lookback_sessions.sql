{{ config(
    materialized='monthly_replace',
    partitioned=true,
    keeps_inputs=true,
    tags=['sessions']
) }}

-- Of the sessions before the month, only these can change a flag: those that end in the month, and
-- the last one of each charge point. Whether a longer one is compared depends on the limit
-- `max_duration_days`, which may change: so it is kept too, and the last one of up to a day.

with

sessions as (
    select
        session_id,
        charge_point_id,
        started_at,
        ended_at,
        received_at,
        coalesce(
            ended_at between started_at - interval '1 day' and started_at + interval '1 day', false
        ) as is_short
    from {{ inputs_of_month(ref('stg_qualicharge__sessions')) }}
    where
        started_at >= {{ lookback_start() }}
        and started_at < {{ period_start() }}
        and charge_point_id is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by charge_point_id, is_short
            order by started_at desc, ended_at desc, received_at desc, session_id desc
        ) as place
    from sessions
)

select
    session_id,
    charge_point_id,
    started_at,
    ended_at,
    received_at,
    {{ period_date() }} as period
from ranked
where ended_at > {{ period_start() }} or not is_short or place = 1
