{{ config(materialized='monthly_replace', partitioned=true, change_log='log_owner_changes') }}

with

states as (
    select
        *,
        {{ first_true(blocking_conditions('station')) }} as blocking_reason
    from {{ ref('station_states') }}
),

of_month as (
    {{ states_of_month('states', 'station_id') }}
)

select
    {{ period_date() }} as period,
    station_id,
    id_station_itinerance,
    operational_unit_code,
    siren,
    amenageur_name,
    blocking_reason
from of_month
