{#
    True if a session's end is usable: finite, and at most `max_duration_days` from its start. The interval
    is in hours, so that a change of clocks does not matter.
#}
{% macro has_valid_time(start, end) -%}
    {%- set max_duration = "interval '" ~ 24 * limit('max_duration_days') ~ " hours'" -%}
    {{ end }} between {{ start }} - {{ max_duration }} and {{ start }} + {{ max_duration }}
{%- endmacro %}

{# Signed duration in hours, whole days included, in double precision. Null if the end is unusable. #}
{% macro duration_hours(start, end) -%}
    case when {{ has_valid_time(start, end) }} then {{ hours_between(start, end) }} end
{%- endmacro %}

{#
    The same for a stored session, alias `session`: by the rule that was stored, because the limit that is
    valid today may not be the month's.
#}
{% macro stored_duration_hours(session) -%}
    case
        when not coalesce('invalid_time' = any({{ session }}.broken_rules), false)
            then {{ hours_between(session ~ '.started_at', session ~ '.ended_at') }}
    end
{%- endmacro %}

{# Hours from the end of a session to its reception. Null if either time is unusable. #}
{% macro delay_hours(start, end, received) -%}
    case
        when {{ has_valid_time(start, end) }} and {{ is_finite(received) }}
            then {{ hours_between(end, received) }}
    end
{%- endmacro %}

{#
    Power that can judge a session, in kW. Null for NaN, infinity and more than `max_power_kw`. Otherwise the
    power as it is, but for values so extreme that PostgreSQL would raise an error when it multiplies
    them by a duration: these are replaced by values that compare alike.
#}
{% macro usable_power_kw(power_kw) -%}
    case
        when abs({{ power_kw }}) < 1e-300 then 0
        when {{ power_kw }} > '-infinity' and {{ power_kw }} <= {{ var('max_power_kw') }}
            then greatest({{ power_kw }}, -1e304)
    end
{%- endmacro %}

{# Power of several charge points, in kW. Summed exactly, because a sum of doubles depends on the order of the rows. #}
{% macro total_power_kw(power_kw) -%}
    cast(sum({{ exact_number(usable_power_kw(power_kw)) }}) as double precision)
{%- endmacro %}

{# Energy that a charge point can deliver at full power, in kWh. Null if duration or power are unusable. #}
{% macro max_energy_kwh(duration_hours, power_kw) -%}
    {{ duration_hours }} * {{ usable_power_kw(power_kw) }}
{%- endmacro %}

{# True if energy is finite and not negative. In PostgreSQL, NaN is greater than infinity. #}
{% macro is_valid_energy(energy_kwh) -%}
    {{ energy_kwh }} >= 0 and {{ energy_kwh }} < cast('infinity' as {{ type_named('double precision') }})
{%- endmacro %}

{# Energy as an exact number, for sums; 0 for NaN and infinity. #}
{% macro booked_energy_kwh(energy_kwh) -%}
    case
        when abs({{ energy_kwh }}) < cast('infinity' as {{ type_named('double precision') }})
            then {{ exact_number(energy_kwh) }}
        else 0
    end
{%- endmacro %}

{# Convert kWh to MWh, rounded half up to 1 Wh. #}
{% macro mwh(energy_kwh) -%}
    cast(round({{ energy_kwh }} * 0.001, 6) as numeric(18, 6))
{%- endmacro %}
