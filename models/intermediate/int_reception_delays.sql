{{ config(materialized='monthly_replace', tags=['sessions']) }}

-- Delays repeat, so data_freshness computes percentiles from counts, without sorting sessions.

with

sessions as (
    select
        *,
        -- Without a delay, the end or the reception is unusable.
        case
            when delay_hours is not null
                then received_at - ended_at > interval '{{ var('legal_delay_days') }} days'
        end as is_late
    from {{ ref('int_session_flags') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }} and siren is not null
)

select
    {{ period_date() }} as period,
    stations.siren,
    sessions.delay_hours,
    count(*) as sessions,
    count(*) filter (where sessions.is_late) as late_sessions,
    max(sessions.received_at) as last_received_at
from sessions
inner join stations on sessions.station_id = stations.station_id
group by stations.siren, sessions.delay_hours
