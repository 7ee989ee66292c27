-- Charge points with their station, its owner, and the first reason that blocks their energy.
with

owners as (
    select
        id,
        cast(nom_amenageur as text) as amenageur_name,
        cast(siren_amenageur as text) as siren,
        case
            when coalesce(trim(siren_amenageur), '') = '' then 'no_siren'
            when not (
                siren_amenageur ~ '^[0-9]{{9}}$'
                and siren_amenageur <> '000000000'
                and (
                    select
                        mod(sum(case
                            when mod(position, 2) = 1 then cast(digit as integer)
                            else 2 * cast(digit as integer) - 9 * (cast(digit as integer) / 5)
                        end), 10) = 0
                    from regexp_split_to_table(siren_amenageur, '')
                        with ordinality as digits (digit, position)
                )
            ) then 'invalid_siren'
            when coalesce(trim(nom_amenageur), '') = '' then 'no_name'
        end as blocking_reason
    from qualicharge.amenageur
),

stations as (
    select
        _station.id,
        cast(_station.id_station_itinerance as text) as id_station_itinerance,
        cast(operationalunit.code as text) as operational_unit_code,
        owners.siren,
        owners.amenageur_name,
        case
            when owners.id is null then 'no_amenageur'
            when owners.blocking_reason is not null then owners.blocking_reason
            when operationalunit.id is null then 'no_operational_unit'
            when left(_station.id_station_itinerance, 5) <> operationalunit.code
                then 'code_not_station_prefix'
            when _station.id_station_itinerance !~ '^FR[A-Z0-9]{{3}}P.{{1,58}}$'
                then 'invalid_station_id'
        end as blocking_reason
    from qualicharge._station
    left join owners on _station.amenageur_id = owners.id
    left join qualicharge.operationalunit on _station.operational_unit_id = operationalunit.id
),

located as (
    select
        _pointdecharge.id,
        cast(_pointdecharge.id_pdc_itinerance as text) as id_pdc_itinerance,
        _pointdecharge.puissance_nominale as max_power_kw,
        stations.id_station_itinerance,
        stations.operational_unit_code,
        stations.siren,
        stations.amenageur_name,
        case
            when _pointdecharge.puissance_nominale <= 10000 is not true
                or _pointdecharge.puissance_nominale = cast('-infinity' as double precision)
                then 'invalid_power'
            when stations.id is null then 'no_station'
            else stations.blocking_reason
        end as blocking_reason
    from qualicharge._pointdecharge
    left join stations on _pointdecharge.station_id = stations.id
),

numbered as (
    select
        *,
        -- The same version ids as in the models, so that both write the same rows.
        hash_record_extended(row(
            id_station_itinerance, operational_unit_code, siren, amenageur_name, blocking_reason
        ), 0) as station_version_id
    from located
)

select
    *,
    hash_record_extended(row(
        id, id_pdc_itinerance, max_power_kw, station_version_id
    ), 0) as charge_point_version_id
from numbered
