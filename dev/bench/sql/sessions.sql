-- The sessions of one chunk. Charge points take turns: each has one session a turn, which ends before
-- the next turn begins, but for the anomalies. Where turns begin differs between charge points.
insert into {chunk} (id, start, "end", energy, point_de_charge_id, created_at, updated_at)
with

numbered as (
    select
        number,
        number / %(charge_points)s as turn,
        %(first)s + number as draw_number,
        mod(%(first)s + number, %(charge_points)s) as charge_point,
        draw(%(first)s + number, 1) as luck
    from generate_series(cast(0 as bigint), %(sessions)s - 1) as number
),

fated as (
    select
        *,
        case
            when luck < 0.002 then 'negs'
            when luck < 0.004 then 'odus'
            when luck < 0.005 then 'eneu'
            when luck < 0.010 then 'enea'
            when luck < 0.013 then 'enex'
            when luck < 0.0135 then 'not a number'
            when luck < 0.014 then 'negative'
            when luck < 0.015 then 'never closed'
            when luck < 0.016 then 'no charge point'
            when luck < 0.021 and turn > 0 then 'duplicate'
            when luck < 0.031 and turn > 0 then 'overlap'
            else 'ordinary'
        end as fate
    from numbered
),

-- What repeats or overlaps the session before it has the times of that one to begin with.
timed as (
    select
        *,
        case when fate in ('duplicate', 'overlap') then turn - 1 else turn end as timed_turn,
        case
            when fate in ('duplicate', 'overlap') then draw_number - %(charge_points)s
            else draw_number
        end as timed_number
    from fated
),

charged as (
    select
        *,
        floor(
            (timed_turn + draw(charge_point, 6) + 0.6 * draw(timed_number, 2)) * %(turn_seconds)s
        ) as start_second,
        60 + floor(draw(timed_number, 3) * least(0.35 * %(turn_seconds)s, 4 * 3600)) as duration
    from timed
),

bounded as (
    select
        draw_number,
        charge_point,
        fate,
        duration / 3600 * power_kw(charge_point) as possible_kwh,
        start_second + case when fate = 'overlap' then floor(duration / 2) else 0 end
            as start_second,
        %(turn_seconds)s * %(turns)s as chunk_seconds,
        case
            when fate in ('negs', 'odus') then -duration
            -- Over the next two turns, so that the second of them hides in it.
            when fate = 'never closed' then floor(least(2.9 * %(turn_seconds)s, 6.9 * 86400))
            else duration
        end as duration
    from charged
),

started as (
    select
        *,
        -- What would begin after the chunk's end begins as much after its start.
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
        + (abs(duration) + floor(draw(draw_number, 4) * 3 * 86400)) * interval '1 second'
            as created_at
    from started
)

select
    cast(md5('session ' || draw_number) as uuid),
    started_at,
    ended_at,
    case fate
        when 'negs' then 0.5
        when 'odus' then 5
        when 'eneu' then 2000
        when 'not a number' then 'NaN'
        when 'negative' then -1
        else floor(
            1000 * case fate
                when 'enea' then 1.3 * possible_kwh
                when 'enex' then 60 + 2.5 * possible_kwh
                else (0.2 + 0.7 * draw(draw_number, 5)) * possible_kwh
            end
        ) / 1000
    end,
    case
        when fate <> 'no charge point' then cast(md5('charge point ' || charge_point) as uuid)
    end,
    created_at,
    created_at
from received
-- Rows stand in the order in which they came.
order by created_at
