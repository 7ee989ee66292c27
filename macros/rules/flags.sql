{# The seven flags of a session, then those added by this project. Rules: int_session_flags.sql. #}
{% macro session_flags() %}
    {%- do return([
        'negs', 'eneu', 'enea', 'odus', 'enex', 'duplicate', 'overlap', 'invalid_energy', 'invalid_time',
        'hidden_overlap'
    ]) -%}
{% endmacro %}

{# The flags that reject a session, in display order. #}
{% macro rejection_reasons() %}
    {%- if var('reject_hidden_overlaps') %}{% do return(session_flags()) %}{% endif -%}
    {%- do return(session_flags() | reject('equalto', 'hidden_overlap') | list) -%}
{% endmacro %}

{# An array with the names of the boolean columns that are true. #}
{% macro names_of_true(columns) -%}
    array_remove(
        array[
            {%- for column in columns %}
            case when {{ column }} then '{{ column }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        null
    )
{%- endmacro %}

{# The name of the first boolean column that is true; null if none is. #}
{% macro first_true(columns) -%}
    case
        {%- for column in columns %}
        when {{ column }} then '{{ column }}'
        {%- endfor %}
    end
{%- endmacro %}
