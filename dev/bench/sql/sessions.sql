-- The sessions of one chunk. Time is divided into turns, and each charge point has one session per
-- turn. Except for anomalies, it ends before the next turn starts. Each charge point has its own
-- offset, so that their turns do not start at the same time.
insert into {chunk} (id, start, "end", energy, point_de_charge_id, created_at, updated_at)
with

numbered as (
    select
        number,
        number / %(charge_points)s as turn,
        %(first)s + number as session_number,
        mod(%(first)s + number, %(charge_points)s) as charge_point,
        draw(%(first)s + number, 1) as kind_draw
    from generate_series(cast(0 as bigint), %(sessions)s - 1) as number
),

with_kind as (
    select
        *,
        case
            when kind_draw < 0.002 then 'negs'
            when kind_draw < 0.004 then 'odus'
            when kind_draw < 0.005 then 'eneu'
            when kind_draw < 0.010 then 'enea'
            when kind_draw < 0.013 then 'enex'
            when kind_draw < 0.0135 then 'not a number'
            when kind_draw < 0.014 then 'negative'
            when kind_draw < 0.015 then 'never closed'
            when kind_draw < 0.016 then 'no charge point'
            when kind_draw < 0.021 and turn > 0 then 'duplicate'
            when kind_draw < 0.031 and turn > 0 then 'overlap'
            else 'ordinary'
        end as kind
    from numbered
),

-- A duplicate or overlap starts from the times of the previous session.
timed as (
    select
        *,
        case when kind in ('duplicate', 'overlap') then turn - 1 else turn end as time_turn,
        case
            when kind in ('duplicate', 'overlap') then session_number - %(charge_points)s
            else session_number
        end as time_number
    from with_kind
),

charged as (
    select
        *,
        floor(
            (time_turn + draw(charge_point, 6) + 0.6 * draw(time_number, 2)) * %(turn_seconds)s
        ) as start_second,
        60 + floor(draw(time_number, 3) * least(0.35 * %(turn_seconds)s, 4 * 3600)) as duration
    from timed
),

bounded as (
    select
        session_number,
        charge_point,
        kind,
        duration / 3600 * power_kw(charge_point) as max_energy_kwh,
        start_second + case when kind = 'overlap' then floor(duration / 2) else 0 end
            as start_second,
        %(turn_seconds)s * %(turns)s as chunk_seconds,
        case
            when kind in ('negs', 'odus') then -duration
            -- Spans the next two turns. The second session in it becomes a hidden overlap.
            when kind = 'never closed' then floor(least(2.9 * %(turn_seconds)s, 6.9 * 86400))
            else duration
        end as duration
    from charged
),

started as (
    select
        *,
        -- A start after the end of the chunk wraps around to its beginning.
        %(start)s
        + (start_second - floor(start_second / chunk_seconds) * chunk_seconds)
        * interval '1 second' as started_at
    from bounded
),

received as (
    select
        *,
        started_at + duration * interval '1 second' as ended_at,
        started_at
        + (abs(duration) + floor(draw(session_number, 4) * 3 * 86400)) * interval '1 second'
            as created_at
    from started
)

select
    cast(md5('session ' || session_number) as uuid),
    started_at,
    ended_at,
    case kind
        when 'negs' then 0.5
        when 'odus' then 5
        when 'eneu' then 2000
        when 'not a number' then 'NaN'
        when 'negative' then -1
        else floor(
            1000 * case kind
                when 'enea' then 1.3 * max_energy_kwh
                when 'enex' then 60 + 2.5 * max_energy_kwh
                else (0.2 + 0.7 * draw(session_number, 5)) * max_energy_kwh
            end
        ) / 1000
    end,
    case
        when kind <> 'no charge point' then cast(md5('charge point ' || charge_point) as uuid)
    end,
    created_at,
    created_at
from received
-- Store the rows in the order of their arrival, as in production.
order by created_at
