{{ config(materialized='replaced_by_period') }}

with

energy as (
    select
        started_on,
        station_version_id,
        sum(energy_kwh) as energy_kwh
    from {{ ref('int_energy_daily') }}
    where period = {{ period_date() }} and not is_rejected
    group by started_on, station_version_id
),

stations as (
    select * from {{ ref('int_station_versions') }}
    where blocking_reason is null
),

station_days as (
    select
        energy.started_on,
        energy.energy_kwh,
        stations.siren,
        stations.entity,
        stations.code,
        stations.id_station_itinerance
    from energy
    inner join stations on energy.station_version_id = stations.station_version_id
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
