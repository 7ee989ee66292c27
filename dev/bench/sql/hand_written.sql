-- What one would write by hand for one month: the rules of the models without the project.
create view {schema}.charge_points as
with

owners as (
    select
        id,
        cast(nom_amenageur as text) as entity,
        cast(siren_amenageur as text) as siren,
        case
            when coalesce(trim(siren_amenageur), '') = '' then 'no_siren'
            when not (
                siren_amenageur ~ '^[0-9]{{9}}$'
                and siren_amenageur <> '000000000'
                and (
                    select
                        mod(sum(case
                            when mod(place, 2) = 1 then cast(digit as integer)
                            else 2 * cast(digit as integer) - 9 * (cast(digit as integer) / 5)
                        end), 10) = 0
                    from regexp_split_to_table(siren_amenageur, '')
                        with ordinality as digits (digit, place)
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
        cast(operationalunit.code as text) as code,
        owners.siren,
        owners.entity,
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
        stations.code,
        stations.siren,
        stations.entity,
        case when stations.id is null then 'no_station' else stations.blocking_reason end
            as blocking_reason
    from qualicharge._pointdecharge
    left join stations on _pointdecharge.station_id = stations.id
)

select
    *,
    hash_record_extended(row(
        id, id_pdc_itinerance, max_power_kw, station_version_id
    ), 0) as charge_point_version_id
from (
    select
        *,
        -- The numbers that the models give to them, so that the rows are the same.
        hash_record_extended(row(
            id_station_itinerance, code, siren, entity, blocking_reason
        ), 0) as station_version_id
    from located
) as numbered;

create view {schema}.flagged as
with

in_order as (
    select
        session.id as session_id,
        charge_points.charge_point_version_id,
        charge_points.station_version_id,
        session.start as started_at,
        session."end" as ended_at,
        session.created_at as received_at,
        session.energy as energy_kwh,
        date_part('epoch', session."end" - session.start) / 3600 as hours,
        date_part('epoch', session.created_at - session."end") / 3600 as delay_hours,
        charge_points.max_power_kw,
        last_value(session.start) over earlier as previous_started_at,
        last_value(session."end") over earlier as previous_ended_at,
        max(session."end") over earlier as latest_earlier_ended_at
    from qualicharge.session
    left join {schema}.charge_points on session.point_de_charge_id = charge_points.id
    where
        session.start >= cast(%(lookback_start)s as timestamptz)
        and session.start < cast(%(month_end)s as timestamptz)
    window earlier as (
        partition by charge_points.charge_point_version_id
        order by session.start, session."end", session.created_at, session.id
        rows between unbounded preceding and 1 preceding
    )
),

flags as (
    select
        session_id,
        charge_point_version_id,
        station_version_id,
        started_at,
        ended_at,
        received_at,
        energy_kwh,
        cast(%(month)s as date) as period,
        hours < 0 as negs,
        (valid_kwh > 1000) is true as eneu,
        (valid_kwh > possible_kwh * 1.1) is true as enea,
        (hours < 0 and valid_kwh > 1) is true as odus,
        (valid_kwh > 50 and valid_kwh > possible_kwh * 2.0) is true as enex,
        (
            has_charge_point
            and started_at = previous_started_at
            and ended_at = previous_ended_at
        ) is true as duplicate,
        (has_charge_point and started_at < previous_ended_at) is true as overlap,
        valid_kwh is null as invalid_energy,
        (
            has_charge_point
            and started_at < latest_earlier_ended_at
            and started_at >= previous_ended_at
        ) is true as hidden_overlap,
        cast(floor(least(greatest(delay_hours, -32768), 32767)) as smallint) as delay_hours
    from (
        select
            *,
            hours * max_power_kw as possible_kwh,
            charge_point_version_id is not null as has_charge_point,
            case when energy_kwh >= 0 and energy_kwh < 'infinity' then energy_kwh end as valid_kwh
        from in_order
        where started_at >= cast(%(month_start)s as timestamptz)
        -- Here and below: computed once, though several rules read it.
        offset 0
    ) as measured
    offset 0
)

select
    *,
    negs or eneu or enea or odus or enex or duplicate or overlap or invalid_energy as is_rejected
from flags;
