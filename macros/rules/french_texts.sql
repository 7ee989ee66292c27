{# A text in which the placeholder of each limit is replaced by its value in French. #}
{% macro with_limits(text, limits) -%}
    {%- set replaced = namespace(sql=text) -%}
    {%- for name in limit_names() -%}
        {%- set placeholder = literal('{' ~ '{ ' ~ name ~ ' }' ~ '}') -%}
        {%- set value = 'coalesce(' ~ french_number(limits ~ " ->> '" ~ name ~ "'") ~ ", '?')" -%}
        {%- set replaced.sql = 'replace(' ~ replaced.sql ~ ', ' ~ placeholder ~ ', ' ~ value ~ ')' -%}
    {%- endfor -%}
    {{ replaced.sql }}
{%- endmacro %}

{# A number as French text: a decimal comma, and narrow no-break spaces between thousands. #}
{% macro french_number(number) -%}
    replace(regexp_replace({{ number }}, '(?<=^[0-9]+)(?=([0-9]{3})+($|[.]))', U&'\202F', 'g'), '.', ',')
{%- endmacro %}
