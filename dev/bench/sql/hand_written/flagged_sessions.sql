-- The sessions of the month with their flags. The benchmark also runs this statement in DuckDB.
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
        case
            when session."end" between session.start - interval '8784 hours'
                and session.start + interval '8784 hours'
                then date_part('epoch', session."end" - session.start) / 3600
        end as duration_hours,
        charge_points.max_power_kw,
        last_value(session.start) over earlier as previous_started_at,
        last_value(session."end") over earlier as previous_ended_at,
        max(session."end") over earlier as latest_earlier_ended_at
    from qualicharge.session
    left join {schema}.charge_points on session.point_de_charge_id = charge_points.id
    where
        session.start >= {lookback_start}
        and session.start < {month_end}
    window earlier as (
        partition by case
            when session."end" between session.start - interval '8784 hours'
                and session.start + interval '8784 hours'
                then charge_points.charge_point_version_id
        end
        order by session.start, session."end", session.created_at, session.id
        rows between unbounded preceding and 1 preceding
    )
),

measured as (
    select
        *,
        duration_hours
        * case
            when max_power_kw > cast('-infinity' as double precision) and max_power_kw <= 10000
                then max_power_kw
        end as max_energy_kwh,
        duration_hours is not null and charge_point_version_id is not null as has_neighbours,
        case
            when energy_kwh >= 0 and energy_kwh < cast('infinity' as double precision)
                then energy_kwh
        end as valid_energy_kwh
    from in_order
    where started_at >= {month_start}
    -- Here and below: makes PostgreSQL compute the columns once, not once per use.
    offset 0
),

flagged as (
    select
        session_id,
        charge_point_version_id,
        station_version_id,
        started_at,
        ended_at,
        received_at,
        energy_kwh,
        {month} as period,
        duration_hours < 0 as negs,
        (valid_energy_kwh > 1000) is true as eneu,
        (valid_energy_kwh > max_energy_kwh * 1.1) is true as enea,
        (duration_hours < 0 and valid_energy_kwh > 1) is true as odus,
        (valid_energy_kwh > 50 and valid_energy_kwh > max_energy_kwh * 2.0) is true as enex,
        (
            has_neighbours
            and started_at = previous_started_at
            and ended_at = previous_ended_at
        ) is true as duplicate,
        (has_neighbours and started_at < previous_ended_at) is true as overlap,
        valid_energy_kwh is null as invalid_energy,
        duration_hours is null as invalid_time,
        (
            has_neighbours
            and started_at < latest_earlier_ended_at
            and started_at >= previous_ended_at
        ) is true as hidden_overlap,
        case
            when duration_hours is not null then cast(
                floor(least(greatest(
                    date_part('epoch', received_at - ended_at) / 3600, -32768
                ), 32767)) as smallint
            )
        end as delay_hours
    from measured
    offset 0
)

select
    *,
    negs or eneu or enea or odus or enex or duplicate or overlap or invalid_energy
    or invalid_time as is_rejected
from flagged
