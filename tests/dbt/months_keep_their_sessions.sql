-- A month that would have lost too many sessions or too much energy keeps its figures, until
-- the source has them again or the variable `accept_loss` names the month.
--
-- Tests the last model, so that a failure keeps no other month from being built.
-- depends_on: {{ ref('energy_steps_monthly') }}

{%- set months = months_that_kept_their_figures(checked_months()) %}
{%- for month, loss in months.items() %}
    {%- do log(month ~ ' keeps its figures: ' ~ describe_loss(loss), info=true) %}
{%- endfor %}

{% for month in months -%}
    select '{{ month }}' as period
    {{ 'union all' if not loop.last }}
{% else -%}
    select cast(null as text) as period
    where false
{% endfor %}
