{{ config(severity='warn') }}

-- A frozen month that was read on its last day is not read again by itself. What operators send,
-- correct or delete afterwards is in no figure until somebody builds the month by name.

-- depends_on: {{ ref('energy_balance_monthly') }}

{%- set changes = changes_of_frozen_months() %}
{%- set on_spark = months_on_spark() if changes else [] %}
{%- for month, changed, in_source, in_month in changes %}
    {%- set command = (
        'python -m spark_build --period ' ~ month if month in on_spark
        else "dbt build --vars 'period: " ~ month ~ "'"
    ) %}
    {%- do log(
        month ~ ' is frozen and has ' ~ in_month ~ ' sessions. The source now has ' ~ in_source
        ~ ', and has received or changed ' ~ changed ~ ' of them since.'
        ~ ' To count what it has now, run ' ~ command,
        info=true
    ) %}
{%- endfor %}

{% for month, changed, in_source, in_month in changes -%}
    select
        '{{ month }}' as period,
        {{ changed }} as changed_sessions,
        {{ in_source }} as sessions_in_source,
        {{ in_month }} as sessions_in_month
    {{ 'union all' if not loop.last }}
{% else -%}
    select
        cast(null as text) as period,
        0 as changed_sessions,
        0 as sessions_in_source,
        0 as sessions_in_month
    where false
{% endfor %}
