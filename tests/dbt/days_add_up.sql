-- The days of a month add up to its balance, and the rules that were first to reject a session add
-- up to what is rejected.

{%- set months = checked_months() %}
{%- set outcomes = outcome_conditions() | list %}

with

balance as (
    select * from {{ ref('energy_balance_monthly') }}
    where {{ period_in('period', months) }}
),

days as (
    select
        {% for outcome in outcomes -%}
            sum({{ outcome }}_sessions) as {{ outcome }}_sessions,
            sum({{ outcome }}_kwh) as {{ outcome }}_kwh,
        {% endfor -%}
        period
    from {{ ref('energy_balance_daily') }}
    where {{ period_in('period', months) }}
    group by period
),

rules as (
    select
        period,
        sum(first_sessions) as sessions,
        sum(first_kwh) as energy_kwh
    from {{ ref('anomalies_daily') }}
    where {{ period_in('period', months) }}
    group by period
)

select balance.period
from balance
left join days on balance.period = days.period
left join rules on balance.period = rules.period
where
    {% for outcome in outcomes -%}
        days.{{ outcome }}_sessions is distinct from balance.{{ outcome }}_sessions
        or days.{{ outcome }}_kwh is distinct from balance.{{ outcome }}_kwh
        or
    {% endfor -%}
    coalesce(rules.sessions, 0) <> balance.rejected_sessions
    or coalesce(rules.energy_kwh, 0) <> balance.rejected_kwh
