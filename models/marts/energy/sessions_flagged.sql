{{ config(materialized='view') }}

with

flags as (
    select * from {{ ref('int_session_flags') }}
),

charge_points as (
    select * from {{ ref('int_charge_point_versions') }}
),

stations as (
    select * from {{ ref('int_station_versions') }}
)

select
    flags.session_id,
    flags.period,
    flags.started_at,
    flags.ended_at,
    flags.received_at,
    {{ hours_between('flags.started_at', 'flags.ended_at') }} as hours,
    flags.energy_kwh,
    {{ booked_energy_kwh('flags.energy_kwh') }} as booked_energy_kwh,
    charge_points.max_power_kw,
    {{ possible_energy_kwh('flags.started_at', 'flags.ended_at', 'charge_points.max_power_kw') }}
        as possible_energy_kwh,
    charge_points.id_pdc_itinerance,
    stations.id_station_itinerance,
    stations.code,
    stations.siren,
    stations.entity,
    {% for flag in session_flags() -%}
        flags.{{ flag }},
    {% endfor -%}
    flags.is_rejected,
    case
        when flags.is_rejected then {{ names_of_true(rejection_reasons()) }}
        else cast('{}' as text[])
    end as rejection_reasons,
    {{ blocking_reason('stations') }} as blocking_reason
from flags
left join charge_points
    on flags.charge_point_version_id = charge_points.charge_point_version_id
left join stations
    on flags.station_version_id = stations.station_version_id
