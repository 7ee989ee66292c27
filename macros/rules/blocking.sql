{# Reasons that keep clean energy from being sent. The first that applies is reported. #}
{% macro blocking_reasons() %}
    {%- do return([
        'no_charge_point', 'no_station', 'no_amenageur', 'no_siren', 'invalid_siren', 'no_name',
        'no_operational_unit', 'code_not_station_prefix', 'invalid_station_id'
    ]) -%}
{% endmacro %}

{# The blocking reason of a row left-joined to `stations`, an alias of int_station_history. #}
{% macro blocking_reason(stations) -%}
    case
        when {{ stations }}.station_version_id is null then 'no_charge_point'
        else {{ stations }}.blocking_reason
    end
{%- endmacro %}
