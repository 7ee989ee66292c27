{# Reasons that keep clean energy from being sent. The first that applies is reported. #}
{% macro blocking_reasons() %}
    {%- do return([
        'no_charge_point', 'invalid_power', 'no_station', 'no_amenageur', 'no_siren', 'invalid_siren',
        'no_name', 'no_operational_unit', 'code_not_station_prefix', 'invalid_station_id'
    ]) -%}
{% endmacro %}

{# The blocking reason of `rows` left-joined to `stations`, aliases of sessions or sums and their stations. #}
{% macro blocking_reason(rows, stations) -%}
    case
        when {{ rows }}.station_version_id is null then 'no_charge_point'
        else {{ stations }}.blocking_reason
    end
{%- endmacro %}
