{{ config(materialized='view') }}

with

sessions as (
    select * from {{ ref('int_sessions_outside_months') }}
),

charge_points as (
    select * from {{ ref('int_charge_point_history') }}
    where is_current
)

select
    sessions.session_id,
    sessions.started_at,
    sessions.ended_at,
    sessions.received_at,
    sessions.energy_kwh,
    charge_points.id_pdc_itinerance,
    charge_points.id_station_itinerance,
    charge_points.operational_unit_code,
    charge_points.siren,
    charge_points.amenageur_name
from sessions
left join charge_points on sessions.charge_point_id = charge_points.charge_point_id
