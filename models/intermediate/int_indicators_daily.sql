{{ config(materialized='replaced_by_period') }}

with

energy as (
    select * from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }} and not is_rejected
),

stations as (
    select * from {{ ref('int_station_versions') }}
    where blocking_reason is null
),

station_days as (
    select
        energy.started_on,
        stations.siren,
        stations.entity,
        stations.code,
        stations.id_station_itinerance,
        sum(energy.energy_kwh) as energy_kwh
    from energy
    inner join stations on energy.station_version_id = stations.station_version_id
    group by
        energy.started_on,
        stations.siren,
        stations.entity,
        stations.code,
        stations.id_station_itinerance
)

select
    {{ period_date() }} as period,
    started_on,
    siren,
    {{ mwh('sum(energy_kwh)') }} as energy_mwh,
    jsonb_agg(
        jsonb_build_object(
            'entity', entity,
            'siren', siren,
            'code', code,
            'id_station_itinerance', id_station_itinerance,
            'energy', {{ mwh('energy_kwh') }}
        )
        order by id_station_itinerance
    ) as stations
from station_days
group by started_on, siren
