{# The calendar day of an instant, in the declared time zone. #}
{% macro day_of(instant) -%}
    {{ adapter.dispatch('day_of')(instant) }}
{%- endmacro %}

{% macro default__day_of(instant) -%}
    cast({{ instant }} at time zone '{{ var('time_zone') }}' as date)
{%- endmacro %}

{# A timestamp without time zone is in the time zone of Spark's session, so it is converted from that one. #}
{% macro spark__day_of(instant) -%}
    cast(convert_timezone('{{ var('time_zone') }}', cast({{ instant }} as timestamp_ntz)) as date)
{%- endmacro %}

{# Signed hours from one instant to another, whole days included, in double precision. #}
{% macro hours_between(start, end) -%}
    {{ adapter.dispatch('hours_between')(start, end) }}
{%- endmacro %}

{% macro default__hours_between(start, end) -%}
    date_part('epoch', {{ end }} - {{ start }}) / 3600
{%- endmacro %}

{# Adds the whole days last, as PostgreSQL does: otherwise the last bit may differ. #}
{% macro spark__hours_between(start, end) -%}
    {%- set microseconds = '(unix_micros(' ~ end ~ ') - unix_micros(' ~ start ~ '))' -%}
    (
        {{ microseconds }} % 86400000000 / 1e6
        + 86400e0 * ({{ microseconds }} div 86400000000)
    ) / 3600
{%- endmacro %}

{# True if an instant is neither infinity nor minus infinity. #}
{% macro is_finite(instant) -%}
    {{ adapter.dispatch('is_finite')(instant) }}
{%- endmacro %}

{% macro default__is_finite(instant) -%}
    isfinite({{ instant }})
{%- endmacro %}

{# The lake has other instants instead of infinity (macros/spark/sessions_for_lake.sql). #}
{% macro spark__is_finite(instant) -%}
    {{ instant }} between {{ first_instant() }} and {{ last_instant() }}
{%- endmacro %}
