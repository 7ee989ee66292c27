{{ config(materialized='view') }}

with

flags as (
    select * from {{ ref('int_session_flags') }}
),

charge_points as (
    select * from {{ ref('int_charge_point_history') }}
),

stations as (
    select * from {{ ref('int_station_history') }}
)

select
    flags.session_id,
    flags.period,
    flags.started_at,
    flags.ended_at,
    flags.received_at,
    {{ hours_between('flags.started_at', 'flags.ended_at') }} as duration_hours,
    flags.energy_kwh,
    {{ booked_energy_kwh('flags.energy_kwh') }} as booked_energy_kwh,
    charge_points.max_power_kw,
    {{ max_energy_kwh('flags.started_at', 'flags.ended_at', 'charge_points.max_power_kw') }}
        as max_energy_kwh,
    charge_points.id_pdc_itinerance,
    stations.id_station_itinerance,
    stations.operational_unit_code,
    stations.siren,
    stations.amenageur_name,
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
