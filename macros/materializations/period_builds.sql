{#
    The table `period_builds`: one row per monthly model and month, with two instants. Its states and
    transitions are described in monthly_replace.sql.

    `requested_at` is the start of the last run that had to build the month, `built_at` the start of the
    run that last built it. `judged_by` has the limits and rejecting rules that were valid for the month
    then, for a model with the configuration `records_limits`; null for others. `loss` says what the month
    would have lost, if that was too much and the month therefore kept its figures; else null. `landed_run`
    names the run on Spark that computed the month (landing.sql); null if PostgreSQL did. `changeable_until` is the last
    day on which the month could change, by the variable `changeable_days` of its last build. `source_read_at` is when the sessions
    behind the month's rows were read from the source: what arrived before is included. Null if an earlier version built the
    month, and for a model without sessions.
#}
{% macro period_builds() %}
    {%- do return(intermediate_table('period_builds')) -%}
{% endmacro %}

{# A table of the intermediate schema, for macros that run outside of models. #}
{% macro intermediate_table(name) %}
    {%- do return(api.Relation.create(schema=target.schema ~ '_intermediate', identifier=name)) -%}
{% endmacro %}

{% macro create_period_builds() %}
    create schema if not exists {{ period_builds().without_identifier() }};
    create table if not exists {{ period_builds() }} (
        model text not null,
        period date not null,
        requested_at timestamptz,
        built_at timestamptz,
        primary key (model, period)
    );
    -- Only if needed: `alter table` would wait for every build that is running.
    do $do$
    begin
        {%- for column, type in [
            ('judged_by', 'jsonb'), ('loss', 'jsonb'), ('landed_run', 'text'), ('changeable_until', 'date'),
            ('source_read_at', 'timestamptz')
        ] %}
        if not exists (
            select from pg_attribute
            where attrelid = cast({{ literal(period_builds()) }} as regclass) and attname = '{{ column }}'
        ) then
            alter table {{ period_builds() }} add column {{ column }} {{ type }};
        end if;
        {%- endfor %}
    end
    $do$;
    -- Of builds by an earlier version.
    update {{ period_builds() }} set changeable_until = {{ last_changeable_day('period') }}
    where changeable_until is null and built_at is not null;
{% endmacro %}

{#
    Why the model cannot build a month, for the log; none if it can. Nothing must be computed from inputs that were
    never built, or from a part of a month's sessions. `run` is the run on Spark whose rows it takes, or none.
#}
{% macro missing_input(period, run) %}
    {%- if run -%}
        {#- If its table is new, its rows were taken long ago and are gone. -#}
        {%- set is_new = not config.get('keeps_inputs') and built_at(model.name, period) is none -%}
        {%- if not is_new or announced_rows(model.name, period, run) is not none -%}{%- do return(none) -%}{%- endif -%}
        {%- do exceptions.warn(model.name ~ ' has no rows for ' ~ period ~ ': run python -m spark_build') -%}
        {%- do return('run python -m spark_build') -%}
    {%- endif -%}
    {%- set built = run_query(
        'select model from ' ~ period_builds() ~ ' where period = ' ~ period_date() ~ ' and built_at is not null'
    ).columns[0].values() -%}
    {%- set missing = monthly_inputs() | reject('in', built) | sort -%}
    {%- if missing -%}{%- do return('build ' ~ missing | join(', ') ~ ' first') -%}{%- endif -%}
    {%- if config.get('keeps_inputs') and not source_holds(period) and period not in built_months('landed_run is null') -%}
        {%- do return('the source lacks a part of it. If it was computed on Spark, run python -m spark_build') -%}
    {%- endif -%}
{% endmacro %}

{# The start of the run that last built a month of a model. #}
{% macro built_at(model_name, period) %}
    {%- do return(value_of_build('built_at', model_name, period)) -%}
{% endmacro %}

{# A column of `period_builds` for a month of a model; none if it has no row. #}
{% macro value_of_build(column, model_name, period) %}
    {%- set values = run_query(
        'select ' ~ column ~ ' from ' ~ period_builds()
        ~ ' where model = ' ~ literal(model_name) ~ " and period = cast('" ~ period ~ "-01' as date)"
    ).columns[0].values() -%}
    {%- do return(values[0] if values else none) -%}
{% endmacro %}

{# The months that a model still has to build, as YYYY-MM, the earliest first. #}
{% macro months_to_build(model_name) %}
    {%- set months = run_query(
        "select to_char(period, 'YYYY-MM') from " ~ period_builds()
        ~ " where model = " ~ literal(model_name)
        ~ " and (built_at is null or built_at < requested_at) order by period"
    ) -%}
    {%- do return(months.columns[0].values() | list) -%}
{% endmacro %}

{#
    Request every known month of a model whose table is new, or dropped. Models that read it keep their figures, because
    they were built before this request.
#}
{% macro request_again(model_name) %}
    update {{ period_builds() }}
    set requested_at = {{ computed_at() }}, built_at = null, judged_by = null, landed_run = null
    where model = {{ literal(model_name) }}
{% endmacro %}

{# `time_of_read` is what `read_at` returned before the read. #}
{% macro record_build(model_name, run, time_of_read) %}
    update {{ period_builds() }}
    set
        {{ built_now() }},
        source_read_at = {{ time_of_read }},
        {% if config.get('records_limits') %}judged_by = {{ literal(tojson(judged_by())) }},{% endif %}
        landed_run = {{ literal(run) if run else 'null' }},
        loss = null
    where model = {{ literal(model_name) }} and period = {{ period_date() }};
    -- Readers that were built while this month was requested, but not built yet.
    update {{ period_builds() }} as reader
    set requested_at = reader.built_at + interval '1 microsecond'
    from {{ period_builds() }} as input
    where
        input.model = {{ literal(model_name) }}
        and input.period = {{ period_date() }}
        and reader.period = {{ period_date() }}
        and reader.model <> {{ literal(model_name) }}
        and reader.model in ('{{ names_with_readers([model.unique_id]) | join("', '") }}')
        and reader.built_at >= reader.requested_at
        and reader.built_at >= input.requested_at
{% endmacro %}

{# When the sessions behind the rows of the current month were read, as an expression. #}
{% macro read_at(run) -%}
    {%- if not config.get('keeps_inputs') -%}
        (
            select min(inputs.source_read_at) from {{ period_builds() }} as inputs
            where inputs.model in ('{{ monthly_inputs() | join("', '") }}') and inputs.period = {{ period_date() }}
        )
    {%- elif run -%}
        {{ copied_at(run) }}
    {%- elif source_holds(current_period()) -%}
        -- The start of this transaction, so before the read.
        now()
    {%- else -%}
        source_read_at
    {%- endif -%}
{%- endmacro %}

{# The monthly models that the current one reads. #}
{% macro monthly_inputs() %}
    {%- do return(monthly_models() | selectattr('unique_id', 'in', model.depends_on.nodes) | map(attribute='name') | list) -%}
{% endmacro %}

{# When the sessions of the current month were read, as a query of one value. #}
{% macro sessions_read_at(model_name) -%}
    select source_read_at from {{ period_builds() }} where model = {{ literal(model_name) }} and period = {{ period_date() }}
{%- endmacro %}

{% macro built_now() -%}
    built_at = {{ computed_at() }}, changeable_until = {{ last_changeable_day(period_date()) }}
{%- endmacro %}

{# What the model reads has kept its figures, so the model keeps its own, with all that is stored about it. #}
{% macro record_kept(model_name) %}
    update {{ period_builds() }} set {{ built_now() }}
    where model = {{ literal(model_name) }} and period = {{ period_date() }}
{% endmacro %}

{#
    The month keeps its figures and counts as built, so that models that read it are built. `source_read_at` stays: if the
    month is refused on its last day, later builds try again.
#}
{% macro record_loss(model_name, loss) %}
    update {{ period_builds() }}
    set {{ built_now() }}, loss = {{ literal(tojson(loss)) }}
    where model = {{ literal(model_name) }} and period = {{ period_date() }}
{% endmacro %}

{# Serializes builds that create or replace the same object. Held until the end of the transaction. #}
{% macro lock_for_ddl(relation) -%}
    select pg_advisory_xact_lock(hashtextextended({{ literal(relation.schema ~ '.' ~ relation.identifier) }}, 0))
{%- endmacro %}

{% macro relation_exists(relation) %}
    {%- do return(run_query('select to_regclass(' ~ literal(relation) ~ ') is not null').columns[0].values()[0]) -%}
{% endmacro %}
