{{ config(severity='warn') }}

-- A closed month is not built again by itself. What operators send, correct or delete afterwards is
-- in no figure until somebody builds the month by name.

-- depends_on: {{ ref('stg_builds__read_months') }}
-- depends_on: {{ ref('energy_balance_monthly') }}

{%- set changes = changes_after_closing() %}
{%- for month, changed, in_source, in_month in changes %}
    {%- do log(
        month ~ ' is closed and has ' ~ in_month ~ ' sessions. The source now has ' ~ in_source ~ ', and has received or changed '
        ~ changed ~ " of them since. To count what it has now, run dbt build --vars 'period: " ~ month ~ "'",
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
