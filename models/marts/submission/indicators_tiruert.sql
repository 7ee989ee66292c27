with

energy as (
    select * from {{ ref('int_energy_daily') }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where {{ is_valid_siren('siren') }}
),

station_days as (
    select
        energy.started_on,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        stations.id_station_itinerance,
        not energy.is_rejected
        and energy.blocking_reason is null
        and stations.blocking_reason is null as is_sendable,
        sum(energy.energy_kwh) as energy_kwh
    from energy
    inner join stations
        on energy.period = stations.period and energy.station_id = stations.station_id
    group by
        energy.started_on,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        stations.id_station_itinerance,
        is_sendable
),

-- A SIREN whose sessions of the day are all rejected or blocked has a row too, with 0 MWh and [].
days as (
    select
        'd' as period,
        started_on,
        siren,
        {{ mwh('coalesce(sum(energy_kwh) filter (where is_sendable), 0)') }} as energy_mwh,
        coalesce(jsonb_agg(
            jsonb_build_object(
                'entity', amenageur_name,
                'siren', siren,
                'code', operational_unit_code,
                'id_station_itinerance', id_station_itinerance,
                'energy', {{ mwh('energy_kwh') }}
            )
            order by id_station_itinerance
        ) filter (where is_sendable), '[]') as extras
    from station_days
    group by started_on, siren
),

acknowledged as (
    select
        status.period,
        status.siren,
        status.amenageur_name,
        status.operational_unit_code,
        status.id_station_itinerance,
        status.energy_mwh,
        station.is_controlled
    from {{ ref('stg_ledger__station_status') }} as status
    inner join {{ ref('stg_ledger__request_stations') }} as station
        on
            status.acknowledged_request_id = station.request_id
            and status.id_station_itinerance = station.id_station_itinerance
),

units as (
    select
        period,
        siren,
        amenageur_name,
        sum(energy_mwh) as energy_mwh,
        jsonb_build_object(
            'code', operational_unit_code,
            'from', period,
            'to', cast(period + interval '1 month' - interval '1 day' as date),
            'stations', jsonb_agg(
                jsonb_build_object(
                    'id', id_station_itinerance,
                    'energy', energy_mwh,
                    'is_controlled', is_controlled
                )
                order by id_station_itinerance
            )
        ) as operational_unit
    from acknowledged
    group by period, siren, amenageur_name, operational_unit_code
),

entities as (
    select
        period,
        siren,
        sum(energy_mwh) as energy_mwh,
        jsonb_build_object(
            'entity', amenageur_name,
            'siren', siren,
            'operational_units', jsonb_agg(
                operational_unit
                order by operational_unit ->> 'code'
            )
        ) as item
    from units
    group by period, siren, amenageur_name
),

months as (
    select
        'm' as period,
        period as started_on,
        siren,
        sum(energy_mwh) as energy_mwh,
        jsonb_agg(
            item
            order by item ->> 'entity'
        ) as extras
    from entities
    group by period, siren
),

indicators as (
    select * from days
    union all
    select * from months
)

select
    -- Deterministic, so that copies can be updated by id.
    cast(md5(concat_ws('/', 'tirue', period, siren, started_on)) as uuid) as id,
    -- Column names are defined by the platform, reserved words included.
    cast(null as text) as category, -- noqa: RF04
    'tirue' as code,
    6 as level, -- noqa: RF04
    siren as target, -- noqa: RF04
    period,
    cast(energy_mwh as numeric(18, 6)) as value, -- noqa: RF04
    extras,
    cast(started_on as timestamp) at time zone '{{ var('time_zone') }}' as timestamp -- noqa: RF04
from indicators
