{# A number with a decimal comma, as in French. #}
{% macro in_french(number) %}{{ number | string | replace('.', ',') }}{% endmacro %}
