{#
    For `python -m spark_build`: print the months that Spark has to compute, as one line of JSON, and request them
    for all models that read sessions.

        [{"month": "2025-04", "held": true, "has_landed": false, "states_version": "2025-05-02 …"}]

    `held` is true if the source has the month completely; otherwise the lake has it. `has_landed` is true if an
    interrupted run has computed the month, from what is still the latest state of stations and charge points.
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
        {%- set held = source_holds(month) -%}
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
