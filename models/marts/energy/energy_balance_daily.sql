{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
),

outcomes as (
    select
        energy.period,
        energy.started_on,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        energy.is_rejected,
        energy.sessions,
        energy.energy_kwh,
        coalesce(energy.blocking_reason, stations.blocking_reason) is not null as is_blocked
    from energy
    left join stations on energy.station_id = stations.station_id
)

select
    period,
    started_on,
    siren,
    max(amenageur_name) as amenageur_name,
    operational_unit_code,
    {% for outcome, condition in outcome_conditions().items() -%}
        {{ sessions_and_kwh(outcome, condition) }},
    {% endfor -%}
    {{ computed_at() }} as computed_at
from outcomes
group by period, started_on, siren, operational_unit_code
