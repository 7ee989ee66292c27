{#
    Decides, once at the start of a run, which months its models have to build, and requests them in
    `period_builds`. Every query here runs once per run, however long the history is.

    - With `var('period')`: the months requested.
    - Else each month that can still change, that a model has never built, that is frozen but was not read on the last day on which
      it could change or later, or that has blocked energy that can now be sent. A month exists if a model knows it
      or the source has a session in it.

    Of these, a frozen month that was judged by other limits than those valid for it now is built only by name.

    A month is left out, with a warning, if the source lacks a part of it and the warehouse has not kept it.

    Models that read a rebuilt month are requested too, even if the run does not select them: the next
    run that does builds them.
#}
{% macro plan_builds() %}
    {%- set models = monthly_models_to_build() -%}
    {%- if not models -%}{%- do return(none) -%}{%- endif -%}
    {%- set sessions = source_sessions() -%}
    {%- set requested = requested_periods() -%}
    {%- if requested and flags.FULL_REFRESH -%}
        {%- do exceptions.raise_compiler_error(
            'a full refresh rebuilds every month: leave out either --full-refresh or period'
        ) -%}
    {%- endif -%}
    {%- if flags.FULL_REFRESH and months_on_spark() -%}
        {%- do exceptions.raise_compiler_error(
            'a full refresh would drop what was computed on Spark (' ~ months_on_spark() | join(', ')
            ~ '): build without --full-refresh'
        ) -%}
    {%- endif -%}
    {%- do notice_dropped_sessions(sessions) -%}
    {%- set known = known_months() -%}
    {%- set candidates = requested or candidate_months() | reject('in', known) | list -%}
    {%- set found = months_with_sessions(sessions, candidates) -%}
    {%- do warn_about_empty_source(sessions, requested, found) -%}
    {%- set months = computable_months(requested or (known + found) | sort) -%}
    {%- set judged_otherwise = months_judged_otherwise() -%}
    {%- if months -%}
        {%- call statement('request_months') -%}
            {{ request_months(
                models, months, months_the_source_holds(months), unblocked_months(), judged_otherwise | map(attribute=0) | list
            ) }}
        {%- endcall -%}
    {%- endif -%}
    {%- do log_plan(models) -%}
    {%- do warn_about_other_limits(judged_otherwise) -%}
{% endmacro %}

{# The names of the monthly models that the run selects, and of those that read them. #}
{% macro monthly_models_to_build() %}
    {%- set selected = monthly_models() | map(attribute='unique_id') | select('in', selected_resources) | list -%}
    {%- do return(names_with_readers(selected)) -%}
{% endmacro %}

{% macro monthly_models() %}
    {%- do return(graph.nodes.values() | selectattr('config.materialized', 'equalto', 'monthly_replace') | list) -%}
{% endmacro %}

{# The names of some monthly models, given by their unique ids, and of all that read them. #}
{% macro names_with_readers(unique_ids) %}
    {%- set monthly, found = monthly_models(), unique_ids | list -%}
    {%- for _ in monthly -%}
        {%- for node in monthly if node.unique_id not in found -%}
            {%- if node.depends_on.nodes | select('in', found) | list -%}{%- do found.append(node.unique_id) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(monthly | selectattr('unique_id', 'in', found) | map(attribute='name') | list) -%}
{% endmacro %}

{# QualiCharge's sessions. Fails with one clear message if they are not where they are expected. #}
{% macro source_sessions() %}
    {%- set source = graph.sources.values() | selectattr('source_name', 'equalto', 'qualicharge') | selectattr('name', 'equalto', 'session') | first -%}
    {%- set sessions = api.Relation.create(schema=source.schema, identifier=source.identifier) -%}
    {%- if not relation_exists(sessions) -%}
        {%- do exceptions.raise_compiler_error(
            "the schema '" ~ source.schema ~ "' has no table '" ~ source.identifier
            ~ "': set the variable source_schema to the schema with QualiCharge's tables"
        ) -%}
    {%- endif -%}
    {%- do return(sessions) -%}
{% endmacro %}

{# The months that a model has built or has to build. #}
{% macro known_months() %}
    {%- set months = run_query("select distinct to_char(period, 'YYYY-MM') from " ~ period_builds()) -%}
    {%- do return(months.columns[0].values() | list) -%}
{% endmacro %}

{#
    The months among `candidates` in which the source has a session. One query with constant limits and
    `limit 1` per month: chunks and partitions are pruned, and a foreign server returns one row at most.
    The source has no index on `start`.
#}
{% macro months_with_sessions(sessions, candidates) %}
    {%- if not candidates -%}{%- do return([]) -%}{%- endif -%}
    {%- set probes -%}
        {%- for month in candidates -%}
        (
            select '{{ month }}' from {{ sessions }}
            where start >= {{ instant_literal(period_instant(month)) }} and start < {{ month_end_literal(month) }}
            limit 1
        )
        {{- ' union all ' if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    {%- do return(run_query(probes).columns[0].values() | list) -%}
{% endmacro %}

{% macro warn_about_empty_source(sessions, requested, found) %}
    {%- if not found and run_query('select 1 from ' ~ sessions ~ ' limit 1').rows | length == 0 -%}
        {%- do exceptions.warn('the source has no session at all: ' ~ sessions) -%}
    {%- endif -%}
    {%- for month in requested if month not in found -%}
        {%- do exceptions.warn('the source has no session in the requested month ' ~ month) -%}
    {%- endfor -%}
{% endmacro %}

{#
    Request a month for every model that lacks it, and for every model if the month can still change. Request another frozen
    month if it is in `held` and the model or an input missed its last day, or if it is in `unblocked`, but not if it is in
    `judged_otherwise`.
#}
{% macro request_months(models, months, held, unblocked, judged_otherwise) %}
    insert into {{ period_builds() }} (model, period, requested_at)
    select models.model, months.period, {{ computed_at() }}
    from unnest(cast(array[
        {%- for name in models -%}{{ literal(name) }}{{ ', ' if not loop.last }}{%- endfor -%}
    ] as text[])) as models (model)
    cross join unnest(cast(array[
        {%- for month in months -%}'{{ month }}-01'{{ ', ' if not loop.last }}{%- endfor -%}
    ] as date[])) as months (period)
    left join {{ period_builds() }} as builds
        on models.model = builds.model and months.period = builds.period
    where
        {{ 'true' if requested_periods() or flags.FULL_REFRESH else 'false' }}
        or builds.built_at is null
        or months.period >= cast('{{ first_changeable_period() }}-01' as date)
        or (
            not {{ period_in('months.period', judged_otherwise) }}
            and (
                (
                    (models.model, months.period) in ({{ models_that_missed_the_last_day() }})
                    and {{ period_in('months.period', held) }}
                )
                or {{ period_in('months.period', unblocked) }}
            )
        )
    on conflict (model, period) do update
        set requested_at = greatest(period_builds.requested_at, excluded.requested_at)
{% endmacro %}

{#
    A query for the models and months that were last built, or read from the source, before the last day on which the month could
    change, and for all models that read these: one of them may have been built alone later.
#}
{% macro models_that_missed_the_last_day() %}
    {#- By today's window and by that of the build, so that another `changeable_days` is no reason to build a month again. -#}
    {%- set last_day = 'least(changeable_until, ' ~ last_changeable_day('period') ~ ')' %}
    select readers.reader, builds.period
    from {{ period_builds() }} as builds
    inner join (
        values
        {%- for node in monthly_models() %}{% set outer = loop %}
        {%- for reader in names_with_readers([node.unique_id]) %}
        ({{ literal(node.name) }}, {{ literal(reader) }}){{ ',' if not (outer.last and loop.last) }}
        {%- endfor %}{% endfor %}
    ) as readers (model, reader) on builds.model = readers.model
    where {{ computed_from_source_at() }} < cast({{ last_day }} as timestamp) at time zone '{{ var("time_zone") }}'
{% endmacro %}

{#
    When a model's month was last computed, as an expression; for int_session_flags from PostgreSQL, from the source. Spark uses its
    old copy of the sessions if the source has lost too many: nothing would change if it did so every night. Nor if a look-back
    that would lose too much was tried again.
#}
{% macro computed_from_source_at() -%}
    least(
        builds.built_at,
        case
            when builds.model <> 'int_session_flags' then null
            when builds.landed_run is not null then {{ run_instant('builds.landed_run') }}
            else builds.source_read_at
        end
    )
{%- endmacro %}

{% macro log_plan(models) %}
    {%- set months = run_query(
        "select distinct to_char(period, 'YYYY-MM') from " ~ period_builds()
        ~ " where model in ('" ~ models | join("', '") ~ "')"
        ~ " and (built_at is null or built_at < requested_at) order by 1"
    ).columns[0].values() | list -%}
    {%- if months -%}
        {%- do log('Months to build: ' ~ months | join(', '), info=true) -%}
    {%- else -%}
        {%- do log('Nothing to build: every month is frozen and built', info=true) -%}
    {%- endif -%}
{% endmacro %}

{#
    The built months whose stored limits or rejecting rules differ from those valid for them now, as pairs of the
    month and what differs.
#}
{% macro months_judged_otherwise() %}
    {%- set months = run_query(
        "select to_char(period, 'YYYY-MM'), cast(judged_by as text) from " ~ period_builds()
        ~ " where judged_by is not null and built_at >= requested_at order by period"
    ) -%}
    {%- set differing = [] -%}
    {%- for month, stored in months.rows -%}
        {%- set difference = differences(fromjson(stored), judged_by(month)) -%}
        {%- if difference -%}{%- do differing.append((month, difference)) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(differing) -%}
{% endmacro %}

{#
    Warn about the months among `judged_otherwise` that this run does not build. A frozen month is judged again only
    on request.
#}
{% macro warn_about_other_limits(judged_otherwise) %}
    {%- set pending = months_to_build('int_session_flags') -%}
    {%- set differing = [] -%}
    {%- for month, difference in judged_otherwise if month not in pending -%}
        {%- do differing.append(month ~ ' (' ~ difference ~ ')') -%}
    {%- endfor -%}
    {%- if differing -%}
        {%- do exceptions.warn(
            'These months were judged by other limits or rules than dbt_project.yml has for them now: '
            ~ differing | join(', ') ~ ". They keep their figures. To judge one again, run "
            ~ "dbt build --vars 'period: " ~ differing[0][:7] ~ "'"
        ) -%}
    {%- endif -%}
{% endmacro %}

{# What differs between two values of `judged_by`, for a message. #}
{% macro differences(stored, valid) %}
    {%- set texts = [] -%}
    {%- for name, value in valid.limits.items() if stored.limits.get(name) != value -%}
        {%- do texts.append(name ~ ' ' ~ stored.limits.get(name) ~ ', now ' ~ value) -%}
    {%- endfor -%}
    {%- for name in valid.rejecting_rules if name not in stored.rejecting_rules -%}
        {%- do texts.append(name ~ ' did not reject') -%}
    {%- endfor -%}
    {%- for name in stored.rejecting_rules if name not in valid.rejecting_rules -%}
        {%- do texts.append(name ~ ' rejected') -%}
    {%- endfor -%}
    {%- do return(texts | join('; ')) -%}
{% endmacro %}
