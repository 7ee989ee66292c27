{{ config(
    materialized='monthly_replace',
    partitioned=true,
    keeps_inputs=true,
    records_limits=true,
    change_log='log_session_changes',
    tags=['sessions'],
    lands='sessions_for_readers'
) }}

-- The rules: one condition per rule, in the order of the catalogue in dbt_project.yml. A comparison
-- with null is null, which counts as false.
{%- set conditions %}
negs: duration_hours < 0
eneu: valid_kwh > {{ limit('eneu_energy_kwh') }}
enea: valid_kwh > max_energy_kwh * {{ limit('enea_ratio') }}
odus: duration_hours < 0 and valid_kwh > {{ limit('odus_energy_kwh') }}
enex: valid_kwh > {{ limit('enex_energy_kwh') }} and valid_kwh > max_energy_kwh * {{ limit('enex_ratio') }}
duplicate: started_at = previous_started_at and ended_at = previous_ended_at
overlap: started_at < previous_ended_at
invalid_energy: valid_kwh is null
invalid_time: duration_hours is null
hidden_overlap: started_at < latest_earlier_ended_at and started_at >= previous_ended_at
{%- endset %}
{%- set conditions = fromyaml(conditions) %}
{%- do require_same_names(conditions, rule_names(), 'rules') %}

-- There are millions of rows per month, so details of the charge point are in int_charge_points.

with

sessions as (
    select
        session_id,
        charge_point_id,
        energy_kwh,
        started_at,
        ended_at,
        received_at
    from {{ inputs_of_month(ref('stg_qualicharge__sessions')) }}
    where
        started_at >= {{ period_start() }}
        and started_at < {{ period_end() }}

    union all

    select
        session_id,
        charge_point_id,
        null as energy_kwh,
        started_at,
        ended_at,
        received_at
    from {{ ref('int_lookback_sessions') }}
    where period = {{ period_date() }}
),

charge_points as (
    select
        charge_point_id,
        station_id,
        max_power_kw,
        blocking_reason,
        {{ number_of('charge_point_id') }} as charge_point_number
    from {{ ref('int_charge_points') }}
    where period = {{ period_date() }}
),

located as (
    select
        sessions.*,
        charge_points.station_id,
        charge_points.max_power_kw,
        {{ charge_point_blocking_reason('charge_points') }} as blocking_reason,
        -- Null for a session that is compared with no other.
        case
            when {{ has_valid_time('sessions.started_at', 'sessions.ended_at') }}
                then charge_points.charge_point_number
        end as compared_charge_point
    from sessions
    left join charge_points
        on sessions.charge_point_id = charge_points.charge_point_id
),

ordered as (
    select
        *,
        last_value(started_at) over earlier as previous_started_at,
        last_value(ended_at) over earlier as previous_ended_at,
        max(ended_at) over earlier as latest_earlier_ended_at
    from located
    window earlier as (
        partition by compared_charge_point
        order by started_at, ended_at, received_at, session_id
        rows between unbounded preceding and 1 preceding
    )
),

measured as (
    select
        session_id,
        charge_point_id,
        station_id,
        blocking_reason,
        started_at,
        ended_at,
        received_at,
        energy_kwh,
        previous_started_at,
        latest_earlier_ended_at,
        {{ duration_hours('started_at', 'ended_at') }} as duration_hours,
        {{ delay_hours('started_at', 'ended_at', 'received_at') }} as delay_hours,
        {{ max_energy_kwh(duration_hours('started_at', 'ended_at'), 'max_power_kw') }}
            as max_energy_kwh,
        -- Null disables the rules that compare these.
        case when {{ is_valid_energy('energy_kwh') }} then energy_kwh end as valid_kwh,
        case when compared_charge_point is not null then previous_ended_at end
            as previous_ended_at
    from ordered
    where started_at >= {{ period_start() }}
    -- Keeps PostgreSQL from computing these expressions again in each rule.
    offset 0 -- noqa: AM09
),

rules as (
    select
        {% for rule, condition in conditions.items() -%}
            {{ condition }} as {{ rule }},
        {% endfor -%}
        measured.*
    from measured
    -- Each rule is read several times below.
    offset 0 -- noqa: AM09
)

select
    session_id,
    charge_point_id,
    station_id,
    blocking_reason,
    started_at,
    ended_at,
    received_at,
    energy_kwh,
    {{ period_date() }} as period,
    {{ names_of_true(rule_names()) }} as broken_rules,
    {{ names_of_true(rejecting_rules()) }} as rejection_reasons,
    coalesce({{ rejecting_rules() | join(' or ') }}, false) as is_rejected,
    -- In whole hours, for int_reception_delays. The limits of smallint are more than three years.
    case
        when delay_hours is not null
            then cast(floor(least(greatest(delay_hours, -32768), 32767)) as smallint)
    end as delay_hours
from rules
