{{ config(materialized='view') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
),

stations as (
    select * from {{ ref('int_stations') }}
),

outcomes as (
    select
        energy.period,
        stations.id_station_itinerance,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        energy.is_rejected,
        energy.sessions,
        energy.energy_kwh,
        coalesce(energy.rejection_reasons, cast('{}' as text[])) as rejection_reasons,
        coalesce(energy.blocking_reason, stations.blocking_reason) as blocking_reason
    from energy
    left join stations
        on energy.period = stations.period and energy.station_id = stations.station_id
)

select
    period,
    id_station_itinerance,
    siren,
    amenageur_name,
    operational_unit_code,
    is_rejected,
    rejection_reasons,
    blocking_reason,
    cast(sum(sessions) as bigint) as sessions,
    sum(energy_kwh) as energy_kwh
from outcomes
group by
    period,
    id_station_itinerance,
    siren,
    amenageur_name,
    operational_unit_code,
    is_rejected,
    rejection_reasons,
    blocking_reason
