{{ config(severity='warn') }}

-- A month of which the source has dropped a part is no longer read from it. Sessions of the month
-- that arrive later are in no figure.

-- depends_on: {{ ref('int_session_flags') }}

{%- set late = late_sessions(checked_months()) %}
{%- for month, sessions in late %}
    {%- do log(
        month ~ ': the source has ' ~ sessions ~ ' sessions that came too late', info=true
    ) %}
{%- endfor %}

{% for month, sessions in late -%}
    select
        '{{ month }}' as period,
        {{ sessions }} as sessions
    {{ 'union all' if not loop.last }}
{% else -%}
    select
        cast(null as text) as period,
        0 as sessions
    where false
{% endfor %}
