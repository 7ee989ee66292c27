{#
    The months that data tests check: those this run has built, so that the cost of a build does not grow
    with its history. `dbt test` and `dbt retry` check the months of the last build. With the variable
    `check_all_months`, all tests check every month. Call it once per test: another build may change the
    answer in between.
#}
{% macro checked_months() %}
    {%- if not execute or not relation_exists(period_builds()) -%}{%- do return([]) -%}{%- endif -%}
    {%- set condition = 'built_at = ' ~ computed_at() -%}
    {%- if var('check_all_months') -%}
        {%- set condition = 'built_at is not null' -%}
    {#- dbt retry passes the command that it repeats, but selects nothing. -#}
    {%- elif flags.WHICH == 'test' or not selected_resources -%}
        {%- set condition = 'built_at = (select max(built_at) from ' ~ period_builds() ~ ')' -%}
    {%- endif -%}
    {%- set months = run_query(
        "select distinct to_char(period, 'YYYY-MM') from " ~ period_builds() ~ " where " ~ condition ~ " order by 1"
    ) -%}
    {%- do return(months.columns[0].values() | list) -%}
{% endmacro %}

{# A condition on a column with the first day of a month. Constants, so that partitions are pruned. #}
{% macro period_in(column, months) -%}
    {%- if months -%}
        {{ column }} in (
            {%- for month in months -%}cast('{{ month }}-01' as date){{ ', ' if not loop.last }}{%- endfor -%}
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#
    The checked months whose sessions or energy in the source differ from the balance. Excludes months that kept their
    figures because they would lose too much, and months from Spark.
#}
{% macro months_that_differ_from_source() %}
    {%- set checked = checked_months() -%}
    {%- if not checked -%}{%- do return([]) -%}{%- endif -%}
    {%- set kept = months_that_kept_their_figures(checked) -%}
    {%- set months = months_the_source_holds(checked) | reject('in', kept) | reject('in', months_on_spark()) | list -%}
    {%- if not months -%}{%- do return([]) -%}{%- endif -%}
    {%- set balance = api.Relation.create(schema=target.schema, identifier='energy_balance_monthly') -%}
    {%- set comparison -%}
        with counted as (
            {%- for month in months %}
            select
                cast('{{ month }}-01' as date) as period,
                count(*) as sessions,
                coalesce(sum({{ booked_energy_kwh('energy') }}), 0) as energy_kwh
            from {{ source('qualicharge', 'session') }}
            where
                start >= {{ instant_literal(period_instant(month)) }}
                and start < {{ month_end_literal(month) }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        )
        select to_char(counted.period, 'YYYY-MM')
        from counted
        left join {{ balance }} as balance on counted.period = balance.period
        where
            counted.sessions <> coalesce(balance.received_sessions, 0)
            or counted.energy_kwh <> coalesce(balance.received_kwh, 0)
    {%- endset -%}
    {%- do return(run_query(comparison).columns[0].values() | list) -%}
{% endmacro %}
