{{ config(materialized='view') }}

with

stations as (
    select * from {{ ref('int_stations') }}
),

charge_points as (
    select * from {{ ref('int_charge_points') }}
),

current_stations as (
    select * from {{ ref('station_states') }}
    where dbt_valid_to is null
),

current_charge_points as (
    select * from {{ ref('charge_point_states') }}
    where dbt_valid_to is null
),

powers as (
    select
        period,
        station_id,
        {{ total_power_kw('max_power_kw') }} as max_power_kw
    from charge_points
    group by period, station_id
),

current_powers as (
    select
        station_id,
        {{ total_power_kw('max_power_kw') }} as max_power_kw
    from current_charge_points
    group by station_id
),

compared as (
    select
        stations.period,
        stations.id_station_itinerance,
        stations.siren,
        stations.amenageur_name,
        stations.operational_unit_code,
        powers.max_power_kw,
        current_stations.siren as current_siren,
        current_stations.amenageur_name as current_amenageur_name,
        current_stations.operational_unit_code as current_operational_unit_code,
        current_powers.max_power_kw as current_max_power_kw,
        coalesce(stations.siren, '') <> coalesce(current_stations.siren, '')
        or coalesce(stations.amenageur_name, '') <> coalesce(current_stations.amenageur_name, '')
        or coalesce(stations.operational_unit_code, '')
        <> coalesce(current_stations.operational_unit_code, '') as is_owner_different,
        coalesce(powers.max_power_kw, 0) <> coalesce(current_powers.max_power_kw, 0)
            as is_power_different
    from stations
    left join current_stations on stations.station_id = current_stations.station_id
    left join powers
        on stations.period = powers.period and stations.station_id = powers.station_id
    left join current_powers on stations.station_id = current_powers.station_id
)

select * from compared
where is_owner_different or is_power_different
