{#
    Prepares a run on Spark: copies the month's sessions to the lake if the source holds them, and gives the
    models what they read by the same names as in PostgreSQL. The catalog `warehouse` is the PostgreSQL database.
#}
{% macro spark__start_run() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- set step = var('spark_build') -%}
        {%- if not step -%}{%- do exceptions.raise_compiler_error('models on Spark need the variable spark_build: run python -m spark_build') -%}{%- endif -%}
        {%- set folder = lake_folder('sessions', step.sessions_run or step.run) -%}
        {%- if not step.sessions_run -%}{%- do fill_lake(folder) -%}{%- endif -%}
        {%- do create_spark_view(source('qualicharge', 'session'), var('lake_format') ~ '.`' ~ folder ~ '`') -%}
        {%- for model in ('int_charge_points', 'int_stations') -%}
            {%- do create_spark_view(intermediate_table(model), 'warehouse.' ~ intermediate_table(model)) -%}
        {%- endfor -%}
        {%- do create_spark_view(station_status(), 'warehouse.' ~ station_status()) -%}
    {%- endif -%}
{% endmacro %}

{% macro create_spark_view(view, relation) %}
    {%- call statement('schema') -%}create schema if not exists {{ view.schema }}{%- endcall -%}
    {%- call statement('view') -%}create or replace view {{ view }} as select * from {{ relation }}{%- endcall -%}
{% endmacro %}

{#
    Copy the sessions that the month needs, its own and those of the look-back, from the source to the lake, and
    record it.
#}
{% macro fill_lake(folder) %}
    {%- set start, end = lookback_instant(current_period()), month_end(current_period()) -%}
    {%- call statement('fill_lake') -%}
        insert overwrite directory '{{ folder }}' using {{ var('lake_format') }}
        {{ read_by_day(sessions_for_lake(), 'start', start, end) }}
    {%- endcall -%}
    {%- call statement('record') -%}
        insert into warehouse.{{ lake_fills() }} (period, run, sessions)
        select {{ period_date() }}, '{{ var('spark_build').run }}', count(*)
        from {{ var('lake_format') }}.`{{ folder }}` where start >= {{ period_start() }}
    {%- endcall -%}
{% endmacro %}

{#
    A query for the rows of the warehouse between two instants. Each day is read by a task of its own, with constant limits,
    so that no other chunk or partition is read.
#}
{% macro read_by_day(relation, column, start, end) -%}
    select * from warehouse.{{ relation }} with (
        'partitionColumn' = '{{ column }}',
        'lowerBound' = '{{ in_utc(start) }}',
        'upperBound' = '{{ in_utc(end) }}',
        'numPartitions' = '{{ (end - start).days }}'
    )
    where {{ column }} >= {{ instant_literal(start) }} and {{ column }} < {{ instant_literal(end) }}
{%- endmacro %}

{# An instant as Spark's options name it, in the time zone of its session. #}
{% macro in_utc(instant) %}
    {%- do return(instant.astimezone(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S')) -%}
{% endmacro %}
