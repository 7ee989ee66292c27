{#
    Where PostgreSQL and Spark write the same thing differently. The models that run on both use these macros;
    PostgreSQL is the default (docs/scale-out.md).
#}

{# A type by the name that PostgreSQL has for it. #}
{% macro type_named(name) %}
    {%- do return(adapter.dispatch('type_named')(name)) -%}
{% endmacro %}

{% macro default__type_named(name) %}
    {%- do return(name) -%}
{% endmacro %}

{% macro spark__type_named(name) %}
    {%- do return({
        'timestamptz': 'timestamp_ltz',
        'double precision': 'double',
    }.get(name, name)) -%}
{% endmacro %}

{# The names of the boolean columns that are true, as an array; null if none is. #}
{% macro names_of_true(columns) -%}
    case
        when {{ columns | join(' or ') }} then {{ adapter.dispatch('array_of_true')(columns) }}
    end
{%- endmacro %}

{% macro default__array_of_true(columns) -%}
    array_remove(
        array[
            {%- for column in columns %}
            case when {{ column }} then '{{ column }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        null
    )
{%- endmacro %}

{% macro spark__array_of_true(columns) -%}
    array_compact(array(
        {%- for column in columns %}
        case when {{ column }} then '{{ column }}' end{{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{# A value that differs for each id, and sorts fast. #}
{% macro number_of(id) -%}
    {{ adapter.dispatch('number_of')(id) }}
{%- endmacro %}

{# Sorts twice as fast as a uuid. #}
{% macro default__number_of(id) -%}
    row_number() over ()
{%- endmacro %}

{# A number would need all rows in one process. #}
{% macro spark__number_of(id) -%}
    {{ id }}
{%- endmacro %}
