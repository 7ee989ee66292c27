{#
    Exact sums of energy. PostgreSQL adds numbers of any size. Spark has decimals of 38 digits, which hold every
    plausible energy, and not all that an operator can send: a session with another energy gets a row of its own.
#}

{# A finite double as an exact number, via text: a direct cast in PostgreSQL keeps only 15 digits. #}
{% macro exact_number(number) -%}
    {{ adapter.dispatch('exact_number')(number) }}
{%- endmacro %}

{% macro default__exact_number(number) -%}
    cast(cast({{ number }} as text) as numeric)
{%- endmacro %}

{# Null if a decimal does not hold it exactly, or could not add ten million of them. #}
{% macro spark__exact_number(energy_kwh) -%}
    {%- set number = 'try_cast(cast(' ~ energy_kwh ~ ' as string) as decimal(38, 22))' -%}
    case
        when abs({{ energy_kwh }}) < 1e9 and cast({{ number }} as double) = {{ energy_kwh }} then {{ number }}
    end
{%- endmacro %}

{#
    Columns to group by, besides those of the model: the session's key, if its energy must not be added to others. Ends with
    a comma.
#}
{% macro group_apart(energy_kwh, key) -%}
    {{ adapter.dispatch('group_apart')(energy_kwh, key) }}
{%- endmacro %}

{% macro default__group_apart(energy_kwh, key) -%}
{%- endmacro %}

{% macro spark__group_apart(energy_kwh, key) -%}
    {%- for column in key %}
    case when {{ booked_energy_kwh(energy_kwh) }} is null then {{ column }} end,
    {%- endfor %}
{%- endmacro %}

{# The sum of the booked energy of a group. #}
{% macro sum_booked(energy_kwh) -%}
    {{ adapter.dispatch('sum_booked')(energy_kwh) }}
{%- endmacro %}

{% macro default__sum_booked(energy_kwh) -%}
    sum({{ booked_energy_kwh(energy_kwh) }})
{%- endmacro %}

{# As text, which also holds the energy of a row of its own. #}
{% macro spark__sum_booked(energy_kwh) -%}
    coalesce(
        cast(sum({{ booked_energy_kwh(energy_kwh) }}) as string),
        cast(max({{ energy_kwh }}) as string)
    )
{%- endmacro %}
