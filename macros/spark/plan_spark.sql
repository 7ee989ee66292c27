{#
    For `python -m spark_build`: print the months that Spark has to compute, as one line of JSON, and request them
    for all models that Spark computes, and for their readers.

        [{"month": "2025-04", "sessions_run": null, "has_landed": false, "states_version": "2025-05-02 …",
          "flags_before": "20250502010203", "limits_have_changed": false}]

    `sessions_run` is the run that filled the lake; null if it has to be filled, because the source has the month.
    If only other models than the flags have to be computed, the flags' sessions and limits must be the same as before.
    `has_landed` is true if an interrupted run has computed the month, and states and limits have not changed since.
    `flags_before` is where the month's flags are now, if CARBURE has acknowledged something of the month: in the
    `warehouse`, or in the lake's folder of a run. `limits_have_changed` is true if these flags were judged by other limits.
#}
{% macro plan_spark() %}
    {%- set on_spark = [] -%}
    {%- for node in monthly_models() if 'sessions' in node.tags -%}{%- do on_spark.append(node) -%}{%- endfor -%}
    {%- set names = "('" ~ on_spark | map(attribute='name') | join("', '") ~ "')" -%}
    {#- A table that somebody has dropped would otherwise be noticed only when Spark has ended. -#}
    {%- for node in on_spark if not node.config.keeps_inputs and not relation_exists(intermediate_table(node.name)) -%}
        {%- call statement('request_again') -%}{{ request_again(node.name) }}; commit{%- endcall -%}
    {%- endfor -%}
    {%- set months_of_flags = months_to_build('int_session_flags') -%}
    {%- set plan = [] -%}
    {%- for month in months_for_spark(on_spark | map(attribute='name'), months_of_flags) -%}
        {%- do context.update({'current_month': month}) -%}
        {%- set run = landed_run('int_session_flags', month) -%}
        {%- set may_fill = month in months_of_flags -%}
        {#- If PostgreSQL has computed the month since, the lake's sessions may be older than its own. -#}
        {%- set filled = last_fill(month, none if may_fill else run) if run -%}
        {%- set fills = may_fill and source_holds(month) and not source_has_lost(month, filled) -%}
        {%- if fills or filled -%}
            {%- set version = states_version(month) -%}
            {%- do plan.append({
                'month': month,
                'sessions_run': none if fills else filled.run,
                'has_landed': month_has_landed(names, month, version),
                'states_version': version,
                'flags_before': flags_before(month, filled),
                'limits_have_changed': stored_limits('int_session_flags') != judged_by(month),
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entry in plan if not entry.has_landed -%}
        {%- call statement('request') -%}
            insert into {{ period_builds() }} (model, period, requested_at)
            select model, cast('{{ entry.month }}-01' as date), {{ computed_at() }}
            from unnest(cast(array[
                {%- for name in names_with_readers(on_spark | map(attribute='unique_id')) -%}
                    {{ literal(name) }}{{ ', ' if not loop.last }}
                {%- endfor -%}
            ] as text[])) as models (model)
            on conflict (model, period) do update set requested_at = excluded.requested_at;
            commit
        {%- endcall -%}
    {%- endfor -%}
    {%- call statement('view') -%}{{ create_sessions_for_lake() }}; {{ create_flags_for_changes() }}; commit{%- endcall -%}
    {%- do print(tojson(plan)) -%}
{% endmacro %}

{#
    The months that some of `models` have to build, on Spark: those of the flags, and others of which Spark has computed
    the flags. The engine that computed them computes the rest too, but not from limits that they were not judged by.
#}
{% macro months_for_spark(models, months_of_flags) %}
    {%- set from_spark = months_on_spark() -%}
    {%- set judged_otherwise = months_judged_otherwise() | map(attribute=0) | list -%}
    {%- set months, left_out = months_of_flags | list, [] -%}
    {%- for name in models -%}
        {%- for month in months_to_build(name) if month not in months_of_flags and month in from_spark -%}
            {%- do (left_out if month in judged_otherwise else months).append(month) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for month in left_out | unique | sort -%}
        {%- do exceptions.warn(
            month ~ ': not computed again, because it would be judged by other limits than before. To do so, run '
            ~ 'python -m spark_build --period ' ~ month
        ) -%}
    {%- endfor -%}
    {%- do return(months | unique | sort) -%}
{% endmacro %}

{#
    The latest complete copy of a month's sessions in the lake, or the one that `run` has read, and the run of the
    first copy. None without a copy.
#}
{% macro last_fill(month, run) %}
    {%- set fills = run_query(
        'select run, sessions, min(run) over () from ' ~ lake_fills()
        ~ " where period = cast('" ~ month ~ "-01' as date)"
        ~ (' and run <= ' ~ literal(run) if run else '') ~ ' order by run desc limit 1'
    ).rows -%}
    {%- do return({'run': fills[0][0], 'sessions': fills[0][1] | int, 'first_run': fills[0][2]} if fills else none) -%}
{% endmacro %}

{#
    Where the flags of a month are now, or none if no change has to be explained. A lake of version 0.5.0 has no folder
    per run, so flags that are older than the first recorded fill cannot be compared.
#}
{% macro flags_before(month, filled) %}
    {%- if not month_is_acknowledged() -%}{%- do return(none) -%}{%- endif -%}
    {%- set run = landed_run('int_session_flags', month) -%}
    {%- if run -%}{%- do return(run if filled and filled.first_run <= run else none) -%}{%- endif -%}
    {%- do return('warehouse' if stored_limits('int_session_flags') else none) -%}
{% endmacro %}

{#
    Whether the source has so many fewer sessions than the lake that it must not replace the lake's copy (loss.sql).
#}
{% macro source_has_lost(month, filled) %}
    {%- if not filled or month in months_of_variable('accept_loss') -%}{%- do return(false) -%}{%- endif -%}
    {%- set before = filled.sessions -%}
    {%- set now = run_query(
        'select count(*) from ' ~ source_sessions() ~ ' where start >= ' ~ instant_literal(period_instant(month))
        ~ ' and start < ' ~ month_end_literal(month)
    ).columns[0].values()[0] | int -%}
    {%- set has_lost = before - now > allowed_loss_share(before) * before -%}
    {%- if has_lost -%}
        {%- do exceptions.warn(
            month ~ ': the lake keeps its ' ~ before ~ ' sessions, because the source has only ' ~ now
            ~ '. To use these, set accept_loss in dbt_project.yml'
        ) -%}
    {%- endif -%}
    {%- do return(has_lost) -%}
{% endmacro %}

{# Whether each of the models has the rows of the same run: taken already, or landed. #}
{% macro month_has_landed(names, month, version) %}
    {%- set runs -%}
        select count(distinct run) = 1 and count(run) = count(*)
        from (
            select case
                when builds.built_at >= builds.requested_at then builds.landed_run
                else (
                    select case when landings.states_version = {{ literal(version) }} then landings.run end
                    from {{ landings() }} as landings
                    where landings.model = builds.model and landings.period = builds.period
                    order by landings.run desc
                    limit 1
                )
            end as run
            from {{ period_builds() }} as builds
            where builds.model in {{ names }} and builds.period = cast('{{ month }}-01' as date)
        ) as runs
    {%- endset -%}
    {%- do return(run_query(runs).columns[0].values()[0]) -%}
{% endmacro %}
