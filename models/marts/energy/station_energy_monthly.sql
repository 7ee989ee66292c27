{{ config(materialized='monthly_replace') }}

with

energy as (
    select
        period,
        station_id,
        sum(sessions) as sessions,
        sum(energy_kwh) as energy_kwh
    from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }} and not is_rejected and blocking_reason is null
    group by period, station_id
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }} and blocking_reason is null
)

select
    energy.period,
    energy.period as period_start,
    {{ period_last_day() }} as period_end,
    stations.amenageur_name,
    stations.siren,
    stations.operational_unit_code,
    stations.id_station_itinerance,
    {{ mwh('energy.energy_kwh') }} as energy_mwh,
    cast(energy.sessions as bigint) as sessions,
    false as is_controlled,
    {{ computed_at() }} as computed_at
from energy
inner join stations on energy.station_id = stations.station_id
