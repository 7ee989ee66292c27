{# The blocking reason of `rows` left-joined to `stations`, aliases of sessions or sums and their stations. #}
{% macro blocking_reason(rows, stations) -%}
    case
        when {{ rows }}.station_version_id is null then 'no_charge_point'
        else {{ stations }}.blocking_reason
    end
{%- endmacro %}
