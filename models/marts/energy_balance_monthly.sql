{{ config(materialized='replaced_by_period') }}

with

-- Sessions of one fate have the same flags: some dozens of rows stand for millions.
fates as (
    select
        period,
        {{ session_flags() | join(',\n        ') }},
        is_rejected,
        blocking_reason is not null as is_blocked,
        count(*) as sessions,
        sum(booked_energy_kwh) as energy_kwh
    from {{ ref('sessions_flagged') }}
    where period = {{ period_date() }}
    group by
        period,
        {{ session_flags() | join(',\n        ') }},
        is_rejected,
        blocking_reason is not null
)

select
    period,
    {{ sessions_and_kwh('received', 'true') }},
    {{ sessions_and_kwh('rejected', 'is_rejected') }},
    {% for flag in session_flags() -%}
        {{ sessions_and_kwh(flag, flag) }},
    {% endfor -%}
    {{ sessions_and_kwh('blocked', 'not is_rejected and is_blocked') }},
    {{ sessions_and_kwh('sendable', 'not is_rejected and not is_blocked') }},
    {{ computed_at() }} as computed_at
from fates
group by period
