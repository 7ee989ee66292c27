{{ config(materialized='replaced_by_period') }}

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

in_order as (
    select
        session_id,
        charge_point_id,
        energy_kwh,
        started_at,
        ended_at,
        lag(started_at) over by_charge_point as previous_started_at,
        lag(ended_at) over by_charge_point as previous_ended_at,
        max(ended_at) over (
            by_charge_point rows between unbounded preceding and 1 preceding
        ) as latest_earlier_ended_at
    from sessions
    window by_charge_point as (
        partition by charge_point_id
        order by started_at, ended_at, created_at, session_id
    )
),

measured as (
    select
        in_order.session_id,
        in_order.started_at,
        in_order.ended_at,
        in_order.energy_kwh,
        charge_points.id_pdc_itinerance,
        charge_points.id_station_itinerance,
        charge_points.code,
        charge_points.siren,
        charge_points.entity,
        charge_points.max_power_kw,
        {{ hours_between('in_order.started_at', 'in_order.ended_at') }} as hours,
        -- What the rules read is null where it is unknown.
        case
            when {{ is_valid_energy('in_order.energy_kwh') }}
                then in_order.energy_kwh
        end as energy,
        case
            when charge_points.charge_point_id is not null
                then in_order.previous_ended_at
        end as previous_ended_at,
        in_order.previous_started_at,
        in_order.latest_earlier_ended_at,
        case
            when charge_points.charge_point_id is null then 'no_charge_point'
            else charge_points.blocking_reason
        end as blocking_reason
    from in_order
    left join charge_points
        on in_order.charge_point_id = charge_points.charge_point_id
    where in_order.started_at >= {{ period_start() }}
),

compared as (
    select
        *,
        hours * max_power_kw as possible
    from measured
),

flagged as (
    select
        *,
        -- The seven rules. A comparison with what is unknown is not true.
        (hours < 0) is true as negs,
        (energy > {{ var('eneu_energy_kwh') }}) is true as eneu,
        (energy > possible * {{ var('enea_ratio') }}) is true as enea,
        (hours < 0 and energy > {{ var('odus_energy_kwh') }}) is true as odus,
        (
            energy > {{ var('enex_energy_kwh') }}
            and energy > possible * {{ var('enex_ratio') }}
        ) is true as enex,
        (started_at = previous_started_at and ended_at = previous_ended_at) is true as duplicate,
        (started_at < previous_ended_at) is true as overlap,
        -- What was decided beyond them.
        energy is null as invalid_energy,
        (
            started_at < latest_earlier_ended_at and started_at >= previous_ended_at
        ) is true as hidden_overlap
    from compared
),

judged as (
    select
        *,
        {{ rejection_reasons() | join(' or ') }} as is_rejected
    from flagged
)

select
    session_id,
    {{ period_date() }} as period,
    started_at,
    ended_at,
    energy_kwh,
    {{ booked_energy_kwh('energy_kwh') }} as booked_energy_kwh,
    max_power_kw,
    possible as possible_energy_kwh,
    id_pdc_itinerance,
    id_station_itinerance,
    code,
    siren,
    entity,
    negs,
    eneu,
    enea,
    odus,
    enex,
    duplicate,
    overlap,
    invalid_energy,
    hidden_overlap,
    is_rejected,
    {{ names_of_true(rejection_reasons()) }} as rejection_reasons,
    blocking_reason
from judged
