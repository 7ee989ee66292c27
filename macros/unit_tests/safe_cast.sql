{#
    dbt casts the values of unit tests with this macro. PostgreSQL's information schema reports every array
    type as ARRAY, which is not a valid target of a cast. All arrays of this project are text[].
#}
{% macro postgres__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'text[]' if type == 'ARRAY' else type }})
{%- endmacro %}

{# Spark casts no text to an array, so the text of PostgreSQL's array is split. #}
{% macro spark__safe_cast(field, type) -%}
    cast({{ "split(trim(both '{}' from " ~ field ~ "), ',')" if type.startswith('array') else field }} as {{ type }})
{%- endmacro %}
