{# What the rules and the books are made of. The rules: models/intermediate/int_session_flags.sql #}

{# What a session is marked with: the seven flags, and what domain decisions add to them. #}
{% macro session_flags() %}
    {%- do return([
        'negs', 'eneu', 'enea', 'odus', 'enex', 'duplicate', 'overlap', 'invalid_energy', 'hidden_overlap'
    ]) -%}
{% endmacro %}

{# Why clean energy cannot be sent, in the order in which reasons are looked for. #}
{% macro blocking_reasons() %}
    {%- do return([
        'no_charge_point', 'no_station', 'no_amenageur', 'no_siren', 'invalid_siren', 'no_name',
        'no_operational_unit', 'code_not_station_prefix', 'invalid_station_id'
    ]) -%}
{% endmacro %}

{# The flags that reject, in the order in which they are shown. #}
{% macro rejection_reasons() %}
    {%- if var('reject_hidden_overlaps') %}{% do return(session_flags()) %}{% endif -%}
    {%- do return(session_flags() | reject('equalto', 'hidden_overlap') | list) -%}
{% endmacro %}

{# Which of the boolean columns are true, as an array of their names. #}
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

{# The first of the boolean columns that is true, by its name; null where none is. #}
{% macro first_true(columns) -%}
    case
        {%- for column in columns %}
        when {{ column }} then '{{ column }}'
        {%- endfor %}
    end
{%- endmacro %}

{# Hours from one instant to another: signed and whole, in double precision. #}
{% macro hours_between(start, end) -%}
    date_part('epoch', {{ end }} - {{ start }}) / 3600
{%- endmacro %}

{# What a plug can deliver from one instant to another, in kWh. #}
{% macro max_energy_kwh(start, end, max_power_kw) -%}
    {{ hours_between(start, end) }} * {{ max_power_kw }}
{%- endmacro %}

{# Energy that the rules can judge: not negative, finite. NaN is above infinity in the order of SQL. #}
{% macro is_valid_energy(energy_kwh) -%}
    {{ energy_kwh }} >= 0 and {{ energy_kwh }} < cast('infinity' as double precision)
{%- endmacro %}

{#
    Energy as the books count it: an exact number, 0 where it is NaN or infinite. By way of the text,
    which has every digit; a direct cast keeps fifteen.
#}
{% macro booked_energy_kwh(energy_kwh) -%}
    case
        when abs({{ energy_kwh }}) < cast('infinity' as double precision)
            then cast(cast({{ energy_kwh }} as text) as numeric)
        else 0
    end
{%- endmacro %}

{# kWh as MWh, rounded half up to the Wh. #}
{% macro mwh(energy_kwh) -%}
    cast(round({{ energy_kwh }} * 0.001, 6) as numeric(18, 6))
{%- endmacro %}

{# Of the fates of a month: how many sessions meet a condition, and their energy. #}
{% macro sessions_and_kwh(name, condition) -%}
    cast(coalesce(sum(sessions) filter (where {{ condition }}), 0) as bigint) as {{ name }}_sessions,
    coalesce(sum(energy_kwh) filter (where {{ condition }}), 0) as {{ name }}_kwh
{%- endmacro %}

{# Of computed stations: how many meet a condition, and their energy. #}
{% macro stations_and_mwh(name, condition) -%}
    count(computed_mwh) filter (where {{ condition }}) as {{ name }}_stations,
    coalesce(sum(computed_mwh) filter (where {{ condition }}), 0) as {{ name }}_mwh
{%- endmacro %}

{# By law a session is received so long after its end at the latest. #}
{% macro legal_delay() -%}
    interval '{{ var('legal_delay_days') }} days'
{%- endmacro %}

{# Nothing but blanks of any kind, the unbreakable ones included, or nothing at all. #}
{% macro is_blank(text) -%}
    regexp_like(coalesce({{ text }}, ''), '^[[:space:]\u00A0\u2007\u202F\uFEFF]*$')
{%- endmacro %}

{# A SIREN: nine digits, not all zero, that pass the Luhn check. #}
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

{# A station's id as CARBURE takes it. #}
{% macro is_valid_station_id(id_station_itinerance) -%}
    (
        regexp_like({{ id_station_itinerance }}, '^FR[A-Z0-9]{3}P')
        and length({{ id_station_itinerance }}) between 7 and 64
    )
{%- endmacro %}

{# Why a session of these `stations`, joined to it from the left, cannot be sent. #}
{% macro blocking_reason(stations) -%}
    case
        when {{ stations }}.station_version_id is null then 'no_charge_point'
        else {{ stations }}.blocking_reason
    end
{%- endmacro %}

{# A number as French writes it. #}
{% macro in_french(number) %}{{ number | string | replace('.', ',') }}{% endmacro %}
