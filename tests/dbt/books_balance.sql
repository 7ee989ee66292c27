-- Each session of a month is rejected, blocked or sendable, and the marts match the balance to the
-- Wh. A difference of 0.5 Wh per row of a mart is accepted only in a month with fractions of Wh.

{%- set months = checked_months() %}

with

balance as (
    select * from {{ ref('energy_balance_monthly') }}
    where {{ period_in('period', months) }}
),

months_with_fractions as (
    select distinct period
    from {{ ref('int_energy_daily') }}
    where energy_kwh <> round(energy_kwh, 3) and {{ period_in('period', months) }}
),

entries as (
    select
        period,
        'received' as item,
        received_sessions - rejected_sessions - blocked_sessions - sendable_sessions as sessions,
        received_kwh - rejected_kwh - blocked_kwh - sendable_kwh as energy_kwh,
        0 as rounding_kwh
    from balance

    union all

    select
        period,
        'blocked',
        blocked_sessions,
        blocked_kwh,
        0
    from balance

    union all

    select
        period,
        'blocked',
        -sessions,
        -energy_mwh * 1000,
        0.0005
    from {{ ref('blocked_energy_monthly') }}
    where {{ period_in('period', months) }}

    union all

    select
        period,
        'sendable',
        sendable_sessions,
        sendable_kwh,
        0
    from balance

    union all

    select
        period,
        'sendable',
        -sessions,
        -energy_mwh * 1000,
        0.0005
    from {{ ref('station_energy_monthly') }}
    where {{ period_in('period', months) }}
)

select
    period,
    item,
    sum(sessions) as missing_sessions,
    sum(energy_kwh) as missing_kwh
from entries
group by period, item
having
    sum(sessions) <> 0
    or abs(sum(energy_kwh)) > case
        when period in (select fractions.period from months_with_fractions as fractions)
            then sum(rounding_kwh)
        else 0
    end
