{{ config(materialized='monthly_replace') }}

with

delays as (
    select * from {{ ref('int_reception_delays') }}
    where period = {{ period_date() }}
),

ranked as (
    select
        *,
        sum(sessions) over (partition by siren order by delay_hours)
        / sum(sessions) over (partition by siren) as share_up_to
    from delays
),

received as (
    select
        siren,
        cast(sum(sessions) as bigint) as sessions,
        max(last_received_at) as last_received_at,
        min(delay_hours) filter (where share_up_to >= 0.5) as median_delay_hours,
        min(delay_hours) filter (where share_up_to >= 0.95) as percentile_95_delay_hours,
        round(sum(late_sessions) / sum(sessions), 4) as late_share
    from ranked
    group by siren
),

days_with_sessions as (
    select
        siren,
        started_on,
        max(amenageur_name) as amenageur_name
    from {{ ref('energy_balance_daily') }}
    where
        {{ period_in('period', silence_months()) }}
        and siren is not null
        and started_on >= {{ period_date() }} - {{ var('silence_lookback_days') }}
    group by siren, started_on
),

operators as (
    select
        siren,
        max(amenageur_name) as amenageur_name,
        max(started_on) as last_started_on
    from days_with_sessions
    group by siren
),

-- Ends with the last complete day, because sessions of the current day are still arriving.
days as (
    select cast(midnight as date) as calendar_day
    from
        generate_series(
            {{ period_date() }}, {{ latest_complete_day() }}, interval '1 day'
        ) as midnight
),

silent as (
    select
        operators.siren,
        array_agg(days.calendar_day order by days.calendar_day) as silent_on
    from operators
    cross join days
    where
        not exists (
            select from days_with_sessions
            where
                days_with_sessions.siren = operators.siren
                and days_with_sessions.started_on = days.calendar_day
        )
        and exists (
            select from days_with_sessions
            where
                days_with_sessions.siren = operators.siren
                and days_with_sessions.started_on < days.calendar_day
                and days_with_sessions.started_on
                >= days.calendar_day - {{ var('silence_lookback_days') }}
        )
    group by operators.siren
)

select
    {{ period_date() }} as period,
    operators.siren,
    operators.amenageur_name,
    coalesce(received.sessions, 0) as sessions,
    operators.last_started_on,
    received.last_received_at,
    received.median_delay_hours,
    received.percentile_95_delay_hours,
    received.late_share,
    coalesce(cardinality(silent.silent_on), 0) as silent_days,
    coalesce(silent.silent_on, '{}') as silent_on,
    {{ computed_at() }} as computed_at
from operators
left join received on operators.siren = received.siren
left join silent on operators.siren = silent.siren
