-- The columns of rules follow from the catalogue, so no contract lists the columns.
{{ config(materialized='view', post_hook="{{ describe_rule_columns(this) }}") }}

with

flags as (
    select * from {{ ref('int_session_flags') }}
),

charge_points as (
    select * from {{ ref('int_charge_points') }}
),

stations as (
    select * from {{ ref('int_stations') }}
)

select
    flags.session_id,
    flags.period,
    flags.started_at,
    flags.ended_at,
    flags.received_at,
    {{ stored_duration_hours('flags') }} as duration_hours,
    flags.energy_kwh,
    {{ booked_energy_kwh('flags.energy_kwh') }} as booked_energy_kwh,
    charge_points.max_power_kw,
    {{ max_energy_kwh(stored_duration_hours('flags'), 'charge_points.max_power_kw') }}
        as max_energy_kwh,
    charge_points.id_pdc_itinerance,
    stations.id_station_itinerance,
    stations.operational_unit_code,
    stations.siren,
    stations.amenageur_name,
    {% for rule in rule_names() -%}
        coalesce('{{ rule }}' = any(flags.broken_rules), false) as {{ rule }},
    {% endfor -%}
    flags.is_rejected,
    coalesce(flags.rejection_reasons, cast('{}' as text[])) as rejection_reasons,
    coalesce(flags.blocking_reason, stations.blocking_reason) as blocking_reason
from flags
left join charge_points
    on
        flags.period = charge_points.period
        and flags.charge_point_id = charge_points.charge_point_id
left join stations
    on flags.period = stations.period and flags.station_id = stations.station_id
