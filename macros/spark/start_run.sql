{#
    Prepares a run on Spark: copies the month's sessions to the lake if the source holds them, and gives the
    models what they read by the same names as in PostgreSQL. The catalog `warehouse` is the PostgreSQL database.
#}
{% macro spark__start_run() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- if (var('spark_build') or {}).get('fills_lake') -%}{%- do fill_lake() -%}{%- endif -%}
        {%- set sessions = lake_folder('sessions') -%}
        {%- do create_spark_view(source('qualicharge', 'session'), var('lake_format') ~ '.`' ~ sessions ~ '`') -%}
        {%- for model in ('int_charge_points', 'int_stations') -%}
            {%- do create_spark_view(intermediate_table(model), 'warehouse.' ~ intermediate_table(model)) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro create_spark_view(view, relation) %}
    {%- call statement('schema') -%}create schema if not exists {{ view.schema }}{%- endcall -%}
    {%- call statement('view') -%}create or replace view {{ view }} as select * from {{ relation }}{%- endcall -%}
{% endmacro %}

{#
    Copy the sessions that the month needs, its own and those of the look-back, from the source to the lake.
    Constant limits for each day: each is read by another task, and the source reads no other chunk.
#}
{% macro fill_lake() %}
    {%- set ns = namespace(start=lookback_instant(current_period())) -%}
    {%- set end = month_end(current_period()) -%}
    {%- set days = [] -%}
    {#- October has an hour more than 31 days. -#}
    {%- for _ in range(32 + var('overlap_lookback_days')) if ns.start < end -%}
        {%- set next = ns.start + modules.datetime.timedelta(days=1) -%}
        {%- do days.append((ns.start, [next, end] | min)) -%}
        {%- set ns.start = next -%}
    {%- endfor -%}
    {%- call statement('fill_lake') -%}
        insert overwrite directory '{{ lake_folder('sessions') }}' using {{ var('lake_format') }}
        {%- for start, next in days %}
        select * from warehouse.{{ sessions_for_lake() }}
        where start >= {{ instant_literal(start) }} and start < {{ instant_literal(next) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    {%- endcall -%}
{% endmacro %}
