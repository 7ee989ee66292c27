-- The rules as in hand_written.sql, for DuckDB.
with

in_order as (
    select
        session.id as session_id,
        session.point_de_charge_id as charge_point_id,
        session.start as started_at,
        session."end" as ended_at,
        session.created_at as received_at,
        session.energy as energy_kwh,
        (epoch_us(session."end") - epoch_us(session.start)) / 1e6 / 3600 as hours,
        charge_points.max_power_kw,
        last_value(session.start) over earlier as previous_started_at,
        last_value(session."end") over earlier as previous_ended_at,
        max(session."end") over earlier as latest_earlier_ended_at
    from session
    left join charge_points on session.point_de_charge_id = charge_points.id
    where
        session.start >= getvariable('lookback_start')
        and session.start < getvariable('month_end')
    window earlier as (
        partition by charge_points.number
        order by session.start, session."end", session.created_at, session.id
        rows between unbounded preceding and 1 preceding
    )
),

measured as (
    select
        *,
        hours * max_power_kw as possible_kwh,
        max_power_kw is not null as has_charge_point,
        case when energy_kwh >= 0 and energy_kwh < 'infinity' then energy_kwh end as valid_kwh
    from in_order
    where started_at >= getvariable('month_start')
),

flags as (
    select
        session_id,
        charge_point_id,
        started_at,
        ended_at,
        received_at,
        energy_kwh,
        hours < 0 as negs,
        coalesce(valid_kwh > 1000, false) as eneu,
        coalesce(valid_kwh > possible_kwh * 1.1, false) as enea,
        coalesce(hours < 0 and valid_kwh > 1, false) as odus,
        coalesce(valid_kwh > 50 and valid_kwh > possible_kwh * 2.0, false) as enex,
        coalesce(
            has_charge_point
            and started_at = previous_started_at
            and ended_at = previous_ended_at,
            false
        ) as duplicate,
        coalesce(has_charge_point and started_at < previous_ended_at, false) as overlap,
        valid_kwh is null as invalid_energy,
        coalesce(
            has_charge_point
            and started_at < latest_earlier_ended_at
            and started_at >= previous_ended_at,
            false
        ) as hidden_overlap
    from measured
)

select
    *,
    negs or eneu or enea or odus or enex or duplicate or overlap or invalid_energy as is_rejected
from flags
