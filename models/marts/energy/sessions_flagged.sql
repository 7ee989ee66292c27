-- The columns of rules follow from the catalogue, so no contract lists the columns.
{{ config(materialized='view', post_hook="{{ describe_rule_columns(this) }}") }}

with

flags as (
    select * from {{ ref('int_session_flags') }}
),

charge_points as (
    select * from {{ ref('int_charge_point_history') }}
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
    charge_points.id_station_itinerance,
    charge_points.operational_unit_code,
    charge_points.siren,
    charge_points.amenageur_name,
    {% for rule in rule_names() -%}
        coalesce('{{ rule }}' = any(flags.broken_rules), false) as {{ rule }},
    {% endfor -%}
    flags.is_rejected,
    coalesce(flags.rejection_reasons, cast('{}' as text[])) as rejection_reasons,
    {{ blocking_reason('flags', 'charge_points') }} as blocking_reason
from flags
left join charge_points
    on flags.charge_point_version_id = charge_points.charge_point_version_id
