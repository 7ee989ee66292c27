{#
    dbt casts the values of unit tests with this macro. The catalogue of PostgreSQL calls every array type
    ARRAY, which is not a type that a value can be cast to. All arrays of this project are text[].
#}
{% macro postgres__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'text[]' if type == 'ARRAY' else type }})
{%- endmacro %}
