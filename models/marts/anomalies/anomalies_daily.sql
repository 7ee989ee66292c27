{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_station_history') }}
),

-- Grouped by flags first: a few rows per operator and day to sum conditionally.
combinations as (
    select
        energy.period,
        energy.started_on,
        stations.siren,
        stations.operational_unit_code,
        {{ session_flags() | join(',\n        ') }},
        is_rejected,
        {{ blocking_reason('energy', 'stations') }} as blocking_reason,
        {{ first_true(rejection_reasons()) }} as first_reason,
        max(stations.amenageur_name) as amenageur_name,
        sum(energy.sessions) as sessions,
        sum(energy.energy_kwh) as energy_kwh
    from energy
    left join stations on energy.station_version_id = stations.station_version_id
    group by
        energy.period,
        energy.started_on,
        stations.siren,
        stations.operational_unit_code,
        {{ session_flags() | join(',\n        ') }},
        is_rejected,
        {{ blocking_reason('energy', 'stations') }}
)

select
    period,
    started_on,
    siren,
    max(amenageur_name) as amenageur_name,
    operational_unit_code,
    {{ sessions_and_kwh('received', 'true') }},
    {{ sessions_and_kwh('rejected', 'is_rejected') }},
    {% for flag in session_flags() -%}
        {{ sessions_and_kwh(flag, flag) }},
        {{ sessions_and_kwh('rejected_by_' ~ flag, "first_reason = '" ~ flag ~ "'") }},
    {% endfor -%}
    {{ sessions_and_kwh('blocked', 'not is_rejected and blocking_reason is not null') }},
    {% for reason in blocking_reasons() -%}
        {{ sessions_and_kwh(reason, "not is_rejected and blocking_reason = '" ~ reason ~ "'") }},
    {% endfor -%}
    {{ computed_at() }} as computed_at
from combinations
group by period, started_on, siren, operational_unit_code
