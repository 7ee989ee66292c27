{# Quote a value as a SQL string literal. dbt.string_literal does not escape quotes. #}
{% macro literal(value) %}
    {%- do return("'" ~ (value | string | replace("'", "''")) ~ "'") -%}
{% endmacro %}
