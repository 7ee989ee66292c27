{{ config(materialized='monthly_replace') }}

-- Few delays are many sessions': percentiles are found in these without sorting sessions.

with

sessions as (
    select * from {{ ref('int_session_flags') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_station_history') }}
    where siren is not null
)

select
    {{ period_date() }} as period,
    stations.siren,
    sessions.delay_hours,
    count(*) as sessions,
    count(*) filter (
        where sessions.received_at - sessions.ended_at > {{ legal_delay() }}
    ) as late_sessions,
    max(sessions.received_at) as last_received_at
from sessions
inner join stations on sessions.station_version_id = stations.station_version_id
group by stations.siren, sessions.delay_hours
