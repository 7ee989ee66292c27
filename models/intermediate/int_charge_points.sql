{{ config(materialized='monthly_replace', partitioned=true, change_log='log_power_changes') }}

with

states as (
    select
        *,
        {{ first_true(blocking_conditions('charge_point')) }} as blocking_reason
    from {{ ref('charge_point_states') }}
),

of_month as (
    {{ states_of_month('states', 'charge_point_id') }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
)

select
    {{ period_date() }} as period,
    of_month.charge_point_id,
    of_month.id_pdc_itinerance,
    of_month.max_power_kw,
    stations.station_id,
    -- A station that no build has seen is no station.
    case
        when stations.station_id is null and of_month.blocking_reason is null then 'no_station'
        else of_month.blocking_reason
    end as blocking_reason
from of_month
left join stations on of_month.station_id = stations.station_id
