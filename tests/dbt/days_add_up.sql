-- The days of a month add up to its balance, under each flag too.

{%- set names = ['received', 'rejected', 'blocked'] + session_flags() %}
{%- set by_first_rule = [] %}
{%- for flag in session_flags() %}{% do by_first_rule.append('rejected_by_' ~ flag) %}{% endfor %}

with

balance as (
    select * from {{ ref('energy_balance_monthly') }}
),

days as (
    select
        {% for name in names -%}
            sum({{ name }}_sessions) as {{ name }}_sessions,
            sum({{ name }}_kwh) as {{ name }}_kwh,
        {% endfor -%}
        sum({{ by_first_rule | join('_sessions)\n        + sum(') }}_sessions) as shared_out_sessions, -- noqa: LT05
        sum({{ by_first_rule | join('_kwh)\n        + sum(') }}_kwh) as shared_out_kwh, -- noqa: LT05
        period
    from {{ ref('anomalies_daily') }}
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
    days.shared_out_sessions is distinct from balance.rejected_sessions
    or days.shared_out_kwh is distinct from balance.rejected_kwh
