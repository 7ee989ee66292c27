{{ config(materialized='monthly_replace', partitioned=true) }}

-- The rules. Of a session there is here what they read and what they say: at millions of sessions a
-- month the rest, which is the charge point's, stands once for each of its versions.
-- depends_on: {{ ref('int_charge_point_history') }}

with

sessions as (
    select * from {{ ref('stg_qualicharge__sessions') }}
    where
        started_at >= {{ lookback_start() }}
        and started_at < {{ period_end() }}
),

charge_points as (
    select * from {{ ref('int_charge_points') }}
),

-- Joined before the sort: the number of a version sorts twice as fast as the id of a charge point.
in_order as (
    select
        sessions.session_id,
        sessions.energy_kwh,
        sessions.started_at,
        sessions.ended_at,
        sessions.received_at,
        charge_points.charge_point_version_id,
        charge_points.station_version_id,
        charge_points.max_power_kw,
        last_value(sessions.started_at) over earlier as previous_started_at,
        last_value(sessions.ended_at) over earlier as previous_ended_at,
        max(sessions.ended_at) over earlier as latest_earlier_ended_at
    from sessions
    left join charge_points
        on sessions.charge_point_id = charge_points.charge_point_id
    window earlier as (
        partition by charge_points.charge_point_version_id
        order by
            sessions.started_at, sessions.ended_at, sessions.received_at, sessions.session_id
        rows between unbounded preceding and 1 preceding
    )
),

measured as (
    select
        session_id,
        charge_point_version_id,
        station_version_id,
        started_at,
        ended_at,
        received_at,
        energy_kwh,
        previous_started_at,
        latest_earlier_ended_at,
        {{ hours_between('started_at', 'ended_at') }} as duration_hours,
        {{ hours_between('ended_at', 'received_at') }} as delay_hours,
        {{ max_energy_kwh('started_at', 'ended_at', 'max_power_kw') }} as max_energy_kwh,
        -- What the rules read is null where it is unknown.
        case when {{ is_valid_energy('energy_kwh') }} then energy_kwh end as valid_energy_kwh,
        case
            when charge_point_version_id is not null then previous_ended_at
        end as previous_ended_at
    from in_order
    where started_at >= {{ period_start() }}
    -- Here and below: computed once, though several rules read it.
    offset 0 -- noqa: AM09
),

flagged as (
    select
        *,
        -- The seven rules. A comparison with what is unknown is not true.
        (duration_hours < 0) is true as negs,
        (valid_energy_kwh > {{ var('eneu_energy_kwh') }}) is true as eneu,
        (valid_energy_kwh > max_energy_kwh * {{ var('enea_ratio') }}) is true as enea,
        (duration_hours < 0 and valid_energy_kwh > {{ var('odus_energy_kwh') }}) is true as odus,
        (
            valid_energy_kwh > {{ var('enex_energy_kwh') }}
            and valid_energy_kwh > max_energy_kwh * {{ var('enex_ratio') }}
        ) is true as enex,
        (started_at = previous_started_at and ended_at = previous_ended_at) is true as duplicate,
        (started_at < previous_ended_at) is true as overlap,
        -- What was decided beyond them.
        valid_energy_kwh is null as invalid_energy,
        (
            started_at < latest_earlier_ended_at and started_at >= previous_ended_at
        ) is true as hidden_overlap
    from measured
    offset 0 -- noqa: AM09
)

select
    session_id,
    charge_point_version_id,
    station_version_id,
    started_at,
    ended_at,
    received_at,
    energy_kwh,
    {{ period_date() }} as period,
    negs,
    eneu,
    enea,
    odus,
    enex,
    duplicate,
    overlap,
    invalid_energy,
    hidden_overlap,
    {{ rejection_reasons() | join(' or ') }} as is_rejected,
    -- In whole hours, so that few values stand for millions; the type's limits are years.
    cast(floor(least(greatest(delay_hours, -32768), 32767)) as smallint) as delay_hours
from flagged
