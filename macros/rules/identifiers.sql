{# True for null, the empty string and all kinds of blanks, including no-break spaces. #}
{% macro is_blank(text) -%}
    regexp_like(coalesce({{ text }}, ''), '^[[:space:]\u00A0\u2007\u202F\uFEFF]*$')
{%- endmacro %}

{# A valid SIREN has nine digits, is not all zeros and passes the Luhn check. #}
{% macro is_valid_siren(siren) -%}
    case
        when {{ siren }} = '000000000' or not regexp_like({{ siren }}, '^[0-9]{9}$') then false
        else (
            {%- for position in range(1, 10) %}
            {%- set digit = 'cast(substring(' ~ siren ~ ', ' ~ position ~ ', 1) as integer)' %}
            {{ digit if position % 2 else '2 * ' ~ digit ~ ' - 9 * (' ~ digit ~ ' / 5)' }}
            {{- ' +' if not loop.last }}
            {%- endfor %}
        ) % 10 = 0
    end
{%- endmacro %}

{# The format of station identifiers that CARBURE accepts. #}
{% macro is_valid_station_id(id_station_itinerance) -%}
    (
        regexp_like({{ id_station_itinerance }}, '^FR[A-Z0-9]{3}P')
        and length({{ id_station_itinerance }}) between 7 and 64
    )
{%- endmacro %}
