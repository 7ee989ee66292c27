{#
    Which months are built, of each model that is `monthly_replace`, is kept in a table of its own:
    one row per model and month, written in the transaction that replaces the month. So what an
    interruption has left undone is known, and the next build does it.

    `requested_at` is when the month was last asked for by `var('period')`, `built_at` the start of the
    run that last built it.
#}
{% macro period_builds() %}
    {%- do return(api.Relation.create(schema=target.schema ~ '_intermediate', identifier='period_builds')) -%}
{% endmacro %}

{% macro ensure_period_builds() %}
    {%- set builds = period_builds() -%}
    {% if execute and not table_exists(builds) %}
        create schema if not exists {{ builds.without_identifier() }};
        create table {{ builds }} (
            model text not null,
            period date not null,
            requested_at timestamptz,
            built_at timestamptz,
            primary key (model, period)
        );
    {% endif %}
{% endmacro %}

{% macro table_exists(relation) %}
    {%- set found = run_query(
        "select count(*) from pg_tables where schemaname = " ~ literal(relation.schema)
        ~ " and tablename = " ~ literal(relation.identifier)
    ) -%}
    {%- do return(found.columns[0].values()[0] > 0) -%}
{% endmacro %}

{% macro forget_builds(model_name) %}
    delete from {{ period_builds() }} where model = {{ literal(model_name) }}
{% endmacro %}

{% macro record_requests(model_name, periods) %}
    insert into {{ period_builds() }} (model, period, requested_at)
    select {{ literal(model_name) }}, unnest(cast(array[
        {%- for period in periods -%} '{{ period }}-01'{{ ', ' if not loop.last }} {%- endfor -%}
    ] as date[])), {{ computed_at() }}
    on conflict (model, period) do update set requested_at = excluded.requested_at
{% endmacro %}

{% macro record_build(model_name) %}
    insert into {{ period_builds() }} (model, period, built_at)
    values ({{ literal(model_name) }}, {{ period_date() }}, {{ computed_at() }})
    on conflict (model, period) do update set built_at = excluded.built_at
{% endmacro %}

{#
    The months to build: those asked for; or else each that can still change, that was asked for and
    not built since, that a model it is made of has built later, or that was never built.
#}
{% macro periods_to_build() %}
    {%- set asked = requested_periods() -%}
    {%- if asked %}{% do return(asked) %}{% endif -%}
    {#- Not a ref: which months there are is a matter of the build, no input of the model. -#}
    {%- set staging = graph.nodes.values() | selectattr('name', 'equalto', 'stg_qualicharge__sessions') | first -%}
    {%- set sessions = api.Relation.create(schema=staging.schema, identifier=staging.alias) -%}
    {%- set parents = graph.nodes.values() | selectattr('unique_id', 'in', model.depends_on.nodes) -%}
    {%- set months = run_query(months_to_build_sql(
        sessions, model.name, parents | map(attribute='name'), var('time_zone'), first_changeable_period() ~ '-01'
    )) -%}
    {%- do return(months.columns[0].values() | list) -%}
{% endmacro %}

{# The months of the source are found by hopping along an index, never by reading the rows. #}
{% macro months_to_build_sql(sessions, model_name, parent_names, time_zone, first_changeable) %}
with recursive

source_months (period) as (
    select cast(date_trunc('month', min(started_at) at time zone '{{ time_zone }}') as date)
    from {{ sessions }}
    where started_at > '-infinity'
    -- `union` drops what was seen: the hops end even on a start of infinity.
    union
    select (
        select cast(date_trunc('month', min(started_at) at time zone '{{ time_zone }}') as date)
        from {{ sessions }}
        where started_at >= (source_months.period + interval '1 month') at time zone '{{ time_zone }}'
    )
    from source_months
    where source_months.period is not null
),

builds as (
    select * from {{ period_builds() }}
    where model = {{ literal(model_name) }}
),

parent_builds as (
    select
        period,
        max(built_at) as built_at
    from {{ period_builds() }}
    where model in ('' {%- for name in parent_names %}, {{ literal(name) }}{% endfor %})
    group by period
)

select to_char(period, 'YYYY-MM') as period
from source_months
full join builds using (period)
left join parent_builds using (period)
where
    isfinite(period)
    and (
        period >= cast('{{ first_changeable }}' as date)
        or builds.built_at is null
        or builds.built_at < builds.requested_at
        or builds.built_at < parent_builds.built_at
    )
order by period
{% endmacro %}
