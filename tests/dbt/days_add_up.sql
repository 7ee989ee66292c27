-- The days of a month add up to its balance, in total and for each flag.

{%- set months = checked_months() %}

{%- set names = ['received', 'rejected', 'blocked'] + session_flags() %}
{%- set by_first_flag = [] %}
{%- for flag in session_flags() %}{% do by_first_flag.append('rejected_by_' ~ flag) %}{% endfor %}

with

balance as (
    select * from {{ ref('energy_balance_monthly') }}
    where {{ period_in('period', months) }}
),

days as (
    select
        {% for name in names -%}
            sum({{ name }}_sessions) as {{ name }}_sessions,
            sum({{ name }}_kwh) as {{ name }}_kwh,
        {% endfor -%}
        sum({{ by_first_flag | join('_sessions)\n        + sum(') }}_sessions) as by_first_flag_sessions, -- noqa: LT05
        sum({{ by_first_flag | join('_kwh)\n        + sum(') }}_kwh) as by_first_flag_kwh, -- noqa: LT05
        period
    from {{ ref('anomalies_daily') }}
    where {{ period_in('period', months) }}
    group by period
)

select balance.period
from balance
left join days on balance.period = days.period
where
    {% for name in names -%}
        days.{{ name }}_sessions is distinct from balance.{{ name }}_sessions
        or days.{{ name }}_kwh is distinct from balance.{{ name }}_kwh
        or
    {% endfor -%}
    days.by_first_flag_sessions is distinct from balance.rejected_sessions
    or days.by_first_flag_kwh is distinct from balance.rejected_kwh
