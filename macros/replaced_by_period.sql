{#
    A table that is built month by month: for each period to build, the model's SQL is rendered for
    that period alone, and its rows replace the period's in one transaction. So a period is whole at
    any moment, old or new; a row that the source no longer has does not stay behind; and a period's
    figures do not depend on which others are built in the same run.
#}
{% materialization replaced_by_period, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if should_full_refresh() and asked_periods() -%}
        {%- do exceptions.raise_compiler_error(
            'a full refresh makes every month anew: leave out either --full-refresh or period'
        ) -%}
    {%- endif -%}
    {%- set must_create = existing is none or should_full_refresh() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do get_assert_columns_equivalent(sql) %}
    {% if must_create %}
        {% do drop_relation_if_exists(existing) %}
        {% call statement('create') %}
            create table {{ target }} {{ get_table_columns_and_constraints() }}
        {% endcall %}
        {% do create_indexes(target) %}
        {% do adapter.commit() %}
    {% endif %}

    {% for period in periods_to_build(target) %}
        {% do replace_period(target, period) %}
    {% endfor %}

    {% call statement('main') %}
        analyze {{ target }}
    {% endcall %}
    {% do persist_docs(target, model) %}
    {% do apply_grants(target, config.get('grants'), should_revoke(existing, must_create)) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro replace_period(target, period) %}
    {% do model.update({'period': period}) %}
    {% set columns = get_quoted_csv(model['columns'].keys()) %}
    {% call statement('replace') %}
        -- Of two builds at once the second waits, and so deletes what the first has inserted.
        lock table {{ target }} in share row exclusive mode;
        delete from {{ target }} where period = {{ period_date() }};
        insert into {{ target }} ({{ columns }})
        select {{ columns }} from ({{ render(model['raw_code']) }}) as rendered
    {% endcall %}
    {% do adapter.commit() %}
    {% set rows = load_result('replace').response.rows_affected %}
    {% do log(target.identifier ~ ' ' ~ period ~ ': ' ~ '{:,}'.format(rows) ~ ' rows', info=true) %}
{% endmacro %}
