{#
    For `python -m spark_build`: print the months that Spark has to compute, as one line of JSON, and request them
    for all models that read sessions.

        [{"month": "2025-04", "held": true, "has_landed": false, "states_version": "2025-05-02 …"}]

    `held` is true if the lake has to be filled: the source has the month completely. Otherwise the lake has it.
    `has_landed` is true if an interrupted run has computed the month, from what are still the latest states and limits.
#}
{% macro plan_spark() %}
    {%- set models = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and 'sessions' in node.tags -%}
        {%- do models.append(node.name) -%}
    {%- endfor -%}
    {%- set names = "('" ~ models | join("', '") ~ "')" -%}
    {%- set months = [] -%}
    {%- for name in models -%}{%- do months.extend(requested_months(name)) -%}{%- endfor -%}
    {%- set plan = [] -%}
    {%- for month in months | unique | sort -%}
        {%- set held = source_holds(month) and not source_has_lost(month) -%}
        {%- if held or landed_run('int_session_flags', month) -%}
            {%- set version = states_version(month) -%}
            {%- do plan.append({
                'month': month, 'held': held, 'states_version': version,
                'has_landed': month_has_landed(names, month, version),
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entry in plan if not entry.has_landed -%}
        {%- call statement('request') -%}
            insert into {{ period_builds() }} (model, period, requested_at)
            select model, cast('{{ entry.month }}-01' as date), {{ computed_at() }}
            from unnest(cast(array[
                {%- for name in models -%}{{ literal(name) }}{{ ', ' if not loop.last }}{%- endfor -%}
            ] as text[])) as models (model)
            on conflict (model, period) do update set requested_at = excluded.requested_at;
            commit
        {%- endcall -%}
    {%- endfor -%}
    {%- call statement('view') -%}{{ create_sessions_for_lake() }}; commit{%- endcall -%}
    {%- do print(tojson(plan)) -%}
{% endmacro %}

{#
    Whether the source has so many sessions less than the lake that they must not replace it there (loss.sql).
#}
{% macro source_has_lost(month) %}
    {%- if not landed_run('int_session_flags', month) or month in months_of_variable('accept_loss') -%}{%- do return(false) -%}{%- endif -%}
    {%- set before = run_query(
        'select coalesce(sum(sessions), 0) from ' ~ intermediate_table('int_energy_daily')
        ~ " where period = cast('" ~ month ~ "-01' as date)"
    ).columns[0].values()[0] | int -%}
    {%- set now = run_query(
        'select count(*) from ' ~ source_sessions() ~ ' where start >= ' ~ instant_literal(period_instant(month))
        ~ ' and start < ' ~ month_limit(month)
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
                    select max(landings.run) from {{ landings() }} as landings
                    where landings.model = builds.model and landings.period = builds.period
                        and landings.states_version = {{ literal(version) }}
                )
            end as run
            from {{ period_builds() }} as builds
            where builds.model in {{ names }} and builds.period = cast('{{ month }}-01' as date)
        ) as runs
    {%- endset -%}
    {%- do return(run_query(runs).columns[0].values()[0]) -%}
{% endmacro %}
