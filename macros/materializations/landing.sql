{#
    Months that were computed on Spark (docs/scale-out.md). A model with the tag `sessions` takes the rows that have
    landed for a month instead of its SQL. `period_builds.landed_run` names the run that computed them; null if
    PostgreSQL did.

    Spark writes each model's rows to a table of their own, then one row to the table `landings`:

        run              the start of the run on Spark, the same for all its models
        states_version   when the int_charge_points and int_stations that Spark read were built, and a hash of the limits
        landed_rows      the number of rows

    Changes of acknowledged figures land in the same way, under the name of their model and `_changes`.

    The table `lake_fills` has a row for each complete copy of a month's sessions in the lake: the run that made
    it, and the number of sessions without those of the look-back.
#}
{% macro landing_schema() %}
    {%- do return(target.schema ~ '_landing') -%}
{% endmacro %}

{% macro landings() %}
    {%- do return(api.Relation.create(schema=landing_schema(), identifier='landings')) -%}
{% endmacro %}

{% macro landing_table(name, period, run) %}
    {%- do return(landings().incorporate(path={'identifier': landing_prefix(name, period) ~ run})) -%}
{% endmacro %}

{% macro landing_prefix(name, period) %}
    {%- do return(name ~ '_' ~ period | replace('-', '_') ~ '_') -%}
{% endmacro %}

{# The name under which the changes of a model's acknowledged figures land. #}
{% macro changes_name(model_name) %}
    {%- do return(model_name ~ '_changes') -%}
{% endmacro %}

{% macro create_landings() %}
    create schema if not exists {{ landings().without_identifier() }};
    create table if not exists {{ landings() }} (
        model text not null,
        period date not null,
        run text not null,
        states_version text not null,
        landed_rows bigint not null,
        primary key (model, period, run)
    );
    create table if not exists {{ lake_fills() }} (
        period date not null,
        run text not null,
        sessions bigint not null,
        primary key (period, run)
    );
{% endmacro %}

{% macro lake_fills() %}
    {%- do return(api.Relation.create(schema=landing_schema(), identifier='lake_fills')) -%}
{% endmacro %}

{# When int_charge_points and int_stations were last built for the month, and a hash of the limits valid for it. #}
{% macro states_version(period) %}
    {%- set built_at = run_query(
        'select cast(max(built_at) as text) from ' ~ period_builds()
        ~ " where model in ('int_charge_points', 'int_stations') and period = cast('" ~ period ~ "-01' as date)"
    ).columns[0].values()[0] -%}
    {%- do return(built_at ~ ' ' ~ local_md5(tojson(judged_by(period)))) -%}
{% endmacro %}

{# The months whose flags were computed on Spark. #}
{% macro months_on_spark() %}
    {%- do return(built_months('landed_run is not null')) -%}
{% endmacro %}

{# The run that computed the month of a model on Spark; none if PostgreSQL did, or nobody has. #}
{% macro landed_run(model_name, period) %}
    {%- do return(value_of_build('landed_run', model_name, period)) -%}
{% endmacro %}

{#
    The run whose rows the model takes for the month; none if PostgreSQL computes them. A model that can refuse a month
    (loss.sql) takes the latest run, if this build has computed the month on Spark. The others take the run of
    int_session_flags, so that all rows of a month are from the same run.
#}
{% macro run_to_take(period) %}
    {%- if 'sessions' not in model.tags -%}{%- do return(none) -%}{%- endif -%}
    {%- if not config.get('keeps_inputs') -%}{%- do return(landed_run('int_session_flags', period)) -%}{%- endif -%}
    {%- if period not in (var('spark_build') or {}).get('months', []) -%}{%- do return(none) -%}{%- endif -%}
    {%- set run = run_query(
        'select max(run) from ' ~ landings() ~ ' where model = ' ~ literal(model.name)
        ~ " and period = cast('" ~ period ~ "-01' as date)"
    ).columns[0].values()[0] -%}
    {%- if not run -%}{%- do reject_landing(model.name, period, 'no rows have landed from Spark') -%}{%- endif -%}
    {%- do return(run) -%}
{% endmacro %}

{# The query for the model's rows of a run. #}
{% macro landed_rows(period, run) %}
    select
        {%- for column in model['columns'].values() %}
        {{ landed_column(column) }} as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ complete_landing(model.name, period, run) }}
{% endmacro %}

{# The table with the rows of a run. Fails unless all have landed, computed from the latest states and limits. #}
{% macro complete_landing(name, period, run) %}
    {%- set table = landing_table(name, period, run) -%}
    {%- set announced = announced_rows(name, period, run) -%}
    {%- if announced is none -%}
        {%- do reject_landing(name, period, 'Spark has computed it from other stations, charge points or limits') -%}
    {%- endif -%}
    {%- set landed = run_query('select count(*) from ' ~ table).columns[0].values()[0] -%}
    {%- if landed != announced -%}
        {%- do reject_landing(name, period, landed ~ ' of ' ~ announced ~ ' rows have landed from Spark') -%}
    {%- endif -%}
    {%- do return(table) -%}
{% endmacro %}

{# Fail, and say what to do. #}
{% macro reject_landing(name, period, reason) %}
    {%- do exceptions.raise_compiler_error(
        name ~ ' ' ~ period ~ ': ' ~ reason ~ ': run python -m spark_build --period ' ~ period
    ) -%}
{% endmacro %}

{# The number of rows that Spark has announced; none if it has not, or has read other states or limits. #}
{% macro announced_rows(name, period, run) %}
    {%- set announced = run_query(
        'select landed_rows from ' ~ landings() ~ ' where model = ' ~ literal(name)
        ~ " and period = cast('" ~ period ~ "-01' as date) and run = " ~ literal(run)
        ~ ' and states_version = ' ~ literal(states_version(period))
    ).columns[0].values() -%}
    {%- do return(announced[0] if announced else none) -%}
{% endmacro %}

{# Log the changes that Spark has found. A row in `landings` means that it compared, even if it found none. #}
{% macro log_landed_changes(period, run) %}
    {%- set name = changes_name(model.name) -%}
    {%- if announced_rows(name, period, run) is not none -%}
        {%- call statement('log_changes') -%}
            {{ log_changed_sessions('select * from ' ~ complete_landing(name, period, run)) }}
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}

{#
    A column with the type of the model. Numbers arrive as text: a decimal with many zeros or, if no decimal holds
    it, a double with an exponent, which Java writes with other digits than PostgreSQL.
#}
{% macro landed_column(column) -%}
    {%- if column.data_type == 'dec' -%}
        case
            when {{ column.name }} like '%E%' then {{ exact_number('cast(' ~ column.name ~ ' as double precision)') }}
            else trim_scale(cast({{ column.name }} as numeric))
        end
    {%- else -%}
        cast({{ column.name }} as {{ column.data_type }})
    {%- endif -%}
{%- endmacro %}

{#
    Forget the copies of a month's sessions that were made for a refused run, so that the lake keeps the one from which
    the month in use was computed.
#}
{% macro forget_refused_fills(period, run) %}
    {%- call statement('forget') -%}
        delete from {{ lake_fills() }}
        where period = {{ period_date() }}
            and run > {{ literal(landed_run(model.name, period) or '') }} and run <= {{ literal(run) }}
    {%- endcall -%}
{% endmacro %}

{#
    When the sessions that a run on Spark has read were copied from the source, as an expression: at the start of the run that
    made the latest copy until then. A lake of version 0.5.0 has no list of copies.
#}
{% macro copied_at(run) -%}
    (
        select {{ run_instant('coalesce(max(run), ' ~ literal(run) ~ ')') }}
        from {{ lake_fills() }} where period = {{ period_date() }} and run <= {{ literal(run) }}
    )
{%- endmacro %}

{# The start of a run, given as an expression. Runs are named in UTC; `to_timestamp` reads the time zone of the connection. #}
{% macro run_instant(run) -%}
    cast(to_timestamp({{ run }}, 'YYYYMMDDHH24MISS') as timestamp) at time zone 'UTC'
{%- endmacro %}

{# Forget what has landed of the month, complete or not: its rows have been taken or refused, or are older. #}
{% macro drop_landed(period) %}
    {%- for name in (model.name, changes_name(model.name)) -%}
        {%- set tables = run_query(
            'select tablename from pg_tables where schemaname = ' ~ literal(landing_schema())
            ~ ' and starts_with(tablename, ' ~ literal(landing_prefix(name, period)) ~ ')'
        ).columns[0].values() -%}
        {%- call statement('drop_landed') -%}
            delete from {{ landings() }} where model = {{ literal(name) }} and period = {{ period_date() }};
            {%- for table in tables %}
            drop table {{ landings().incorporate(path={'identifier': table}) }};
            {%- endfor %}
        {%- endcall -%}
    {%- endfor -%}
{% endmacro %}
