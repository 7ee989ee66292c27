{{ config(materialized='view') }}

with

sessions as (
    select * from {{ ref('int_sessions_outside_months') }}
),

charge_points as (
    select * from {{ ref('charge_point_states') }}
    where dbt_valid_to is null
),

stations as (
    select * from {{ ref('station_states') }}
    where dbt_valid_to is null
)

select
    sessions.session_id,
    sessions.started_at,
    sessions.ended_at,
    sessions.received_at,
    sessions.energy_kwh,
    charge_points.id_pdc_itinerance,
    stations.id_station_itinerance,
    stations.operational_unit_code,
    stations.siren,
    stations.amenageur_name
from sessions
left join charge_points on sessions.charge_point_id = charge_points.charge_point_id
left join stations on charge_points.station_id = stations.station_id
