{# Signed duration in hours, whole days included, in double precision. #}
{% macro hours_between(start, end) -%}
    date_part('epoch', {{ end }} - {{ start }}) / 3600
{%- endmacro %}

{# Energy that a charge point can deliver at full power, in kWh. #}
{% macro max_energy_kwh(start, end, max_power_kw) -%}
    {{ hours_between(start, end) }} * {{ max_power_kw }}
{%- endmacro %}

{# True if energy is finite and not negative. In PostgreSQL, NaN is greater than infinity. #}
{% macro is_valid_energy(energy_kwh) -%}
    {{ energy_kwh }} >= 0 and {{ energy_kwh }} < cast('infinity' as double precision)
{%- endmacro %}

{#
    Energy for sums: an exact number, 0 for NaN and infinity. Cast through text, because a direct cast
    from double precision to numeric keeps only 15 digits.
#}
{% macro booked_energy_kwh(energy_kwh) -%}
    case
        when abs({{ energy_kwh }}) < cast('infinity' as double precision)
            then cast(cast({{ energy_kwh }} as text) as numeric)
        else 0
    end
{%- endmacro %}

{# Convert kWh to MWh, rounded half up to 1 Wh. #}
{% macro mwh(energy_kwh) -%}
    cast(round({{ energy_kwh }} * 0.001, 6) as numeric(18, 6))
{%- endmacro %}
