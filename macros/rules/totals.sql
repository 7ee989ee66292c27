{# The outcomes of a session, with their conditions. Rejected, blocked and sendable add up to received. #}
{% macro outcome_conditions() %}
    {%- do return({
        'received': 'true',
        'rejected': 'is_rejected',
        'blocked': 'not is_rejected and is_blocked',
        'sendable': 'not is_rejected and not is_blocked',
    }) -%}
{% endmacro %}

{# Two columns: number and energy of the sessions that meet a condition. #}
{% macro sessions_and_kwh(name, condition) -%}
    cast(coalesce(sum(sessions) filter (where {{ condition }}), 0) as bigint) as {{ name }}_sessions,
    coalesce(sum(energy_kwh) filter (where {{ condition }}), 0) as {{ name }}_kwh
{%- endmacro %}

{# Two columns: number and computed energy of the stations that meet a condition. #}
{% macro stations_and_mwh(name, condition) -%}
    count(computed_mwh) filter (where {{ condition }}) as {{ name }}_stations,
    coalesce(sum(computed_mwh) filter (where {{ condition }}), 0) as {{ name }}_mwh
{%- endmacro %}
