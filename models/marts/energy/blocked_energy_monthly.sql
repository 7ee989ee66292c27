{{ config(materialized='monthly_replace') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }} and not is_rejected
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
),

located as (
    select
        energy.period,
        energy.sessions,
        energy.energy_kwh,
        stations.amenageur_name,
        stations.siren,
        stations.operational_unit_code,
        stations.id_station_itinerance,
        coalesce(energy.blocking_reason, stations.blocking_reason) as blocking_reason
    from energy
    left join stations on energy.station_id = stations.station_id
)

select
    period,
    blocking_reason,
    amenageur_name,
    siren,
    operational_unit_code,
    id_station_itinerance,
    cast(sum(sessions) as bigint) as sessions,
    {{ mwh('sum(energy_kwh)') }} as energy_mwh,
    {{ computed_at() }} as computed_at
from located
where blocking_reason is not null
group by
    period, blocking_reason, amenageur_name, siren, operational_unit_code, id_station_itinerance
