{#
    Create the functions that write numbers and months in French, for the sentences of dashboards:

        french_number(1234.56, 1)    1 234,6
        french_percent(0.1234)       12,3 %
        french_month('2025-04-01')   avril 2025
#}
{% macro create_text_functions() %}
    {%- set schema = adapter.quote(target.schema) -%}
    -- A run without marts does not create it.
    create schema if not exists {{ schema }};
    create or replace function {{ schema }}.french_number(number numeric, decimals integer)
    returns text language sql immutable parallel safe
    return case when round(number, decimals) < 0 then U&'\2212' else '' end
        || {{ french_number('cast(round(abs(number), decimals) as text)') }};

    create or replace function {{ schema }}.french_percent(share numeric)
    returns text language sql immutable parallel safe
    return {{ schema }}.french_number(share * 100, 1) || U&'\202F%';

    create or replace function {{ schema }}.french_month(day date)
    returns text language sql immutable parallel safe
    return (array[
        'janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre',
        'novembre', 'décembre'
    ])[cast(date_part('month', day) as integer)] || ' ' || cast(date_part('year', day) as text);
{% endmacro %}
