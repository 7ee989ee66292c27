{#
    Why energy cannot be sent: the conditions on the state of a 'charge_point', and those on the state of its
    'station', in the order of the catalogue in dbt_project.yml. The first that is true gives the reason.
#}
{% macro blocking_conditions(subject) %}
    {%- set conditions = {
        'charge_point': {
            'invalid_power': usable_power_kw('max_power_kw') ~ ' is null',
            'no_station': 'station_id is null',
        },
        'station': {
            'no_amenageur': 'amenageur_id is null',
            'no_siren': is_blank('siren'),
            'invalid_siren': 'not ' ~ is_valid_siren('siren'),
            'no_name': is_blank('amenageur_name'),
            'no_operational_unit': 'operational_unit_id is null',
            'code_not_station_prefix':
                '(substring(id_station_itinerance, 1, 5) = operational_unit_code) is not true',
            'invalid_station_id': 'not ' ~ is_valid_station_id('id_station_itinerance'),
        },
    } -%}
    {%- set names = ['no_charge_point'] + conditions.charge_point | list + conditions.station | list -%}
    {%- do require_same_names(names, blocking_reasons(), 'blocking_reasons') -%}
    {%- do return(conditions[subject]) -%}
{% endmacro %}

{# The name of the first of `conditions` that is true; null if none is. #}
{% macro first_true(conditions) -%}
    case
        {%- for name, condition in conditions.items() %}
        when {{ condition }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{# The blocking reason of a session from its left-joined charge point. Its station may have another. #}
{% macro charge_point_blocking_reason(charge_points) -%}
    case
        when {{ charge_points }}.charge_point_id is null then 'no_charge_point'
        else {{ charge_points }}.blocking_reason
    end
{%- endmacro %}
