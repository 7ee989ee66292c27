-- What the last run read is what the source holds, to the session and to the Wh: counted in the
-- source itself, with no model in between. Sessions go on arriving during a run, so those received
-- lately may be in or not; where none are, the figures must be equal.

{%- set midnight = "at time zone '" ~ var('time_zone') ~ "'" %}

with

last_run as (
    select
        period,
        received_sessions,
        received_kwh,
        computed_at,
        cast(period as timestamp) {{ midnight }} as period_start,
        (period + interval '1 month') {{ midnight }} as period_end
    from {{ ref('energy_balance_monthly') }}
    where computed_at = (select max(computed_at) from {{ ref('energy_balance_monthly') }})
),

counted as (
    select
        last_run.period,
        last_run.received_sessions,
        last_run.received_kwh,
        count(*) as source_sessions,
        count(*) filter (
            where sessions.created_at < last_run.computed_at - interval '1 hour'
        ) as source_sessions_before,
        sum({{ booked_energy_kwh('sessions.energy') }}) as source_kwh
    from last_run
    inner join {{ source('qualicharge', 'session') }} as sessions
        on
            last_run.period_start <= sessions.start
            and last_run.period_end > sessions.start
    group by last_run.period, last_run.received_sessions, last_run.received_kwh
)

select * from counted
where
    received_sessions not between source_sessions_before and source_sessions
    or (received_sessions = source_sessions and received_kwh <> source_kwh)
