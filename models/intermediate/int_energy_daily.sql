{{ config(materialized='replaced_by_period', partitioned=true) }}

-- Sessions and energy per day and station, apart by what their flags say. The figures of the marts
-- are sums of these: the sessions of a month are added up once.

with

sessions as (
    select
        *,
        {{ booked_energy_kwh('energy_kwh') }} as booked_energy_kwh,
        {{ day_of('started_at') }} as started_on
    from {{ ref('int_session_flags') }}
    where period = {{ period_date() }}
),

charge_points as (
    select * from {{ ref('int_charge_point_versions') }}
)

select
    sessions.period,
    sessions.started_on,
    charge_points.station_version_id,
    {{ session_flags() | join(',\n    ') }},
    sessions.is_rejected,
    count(*) as sessions,
    sum(sessions.booked_energy_kwh) as energy_kwh
from sessions
left join charge_points
    on sessions.charge_point_version_id = charge_points.charge_point_version_id
group by
    sessions.period,
    sessions.started_on,
    charge_points.station_version_id,
    {{ session_flags() | join(',\n    ') }},
    sessions.is_rejected
