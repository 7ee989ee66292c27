{#
    A table that is built month by month: for each period to build, the model's SQL is rendered for
    that period alone, and its rows replace the period's in one transaction. So a period is whole at
    any moment, old or new; a row that the source no longer has does not stay behind; and a period's
    figures do not depend on which others are built in the same run.

    With `partitioned`, each month is a table of its own, made aside, in parallel, and put in the place
    of the old one: for millions of rows a month. Who reads the month meanwhile is not held up, but for
    the instant of the change.

    `sql_header` is run at the beginning of each of these transactions, so that `set local` in it tells
    the planner something for this model alone.
#}
{% materialization monthly_replace, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if should_full_refresh() and requested_periods() -%}
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
            {{ 'partition by list (period)' if config.get('partitioned') }};
            {{ forget_builds(model.name) }}
        {% endcall %}
        {% do create_indexes(target) %}
        {% do adapter.commit() %}
    {% endif %}
    {% if requested_periods() %}
        {% call statement('request') %}{{ record_requests(model.name, requested_periods()) }}{% endcall %}
        {% do adapter.commit() %}
    {% endif %}

    {% set periods = periods_to_build() %}
    {% for period in periods %}
        {% do replace_period(target, period) %}
        {% set rows = '{:,}'.format(load_result('replace').response.rows_affected) %}
        {% set progress = loop.index ~ ' of ' ~ periods | length %}
        {% do log(target.identifier ~ ' ' ~ period ~ ' (' ~ progress ~ '): ' ~ rows ~ ' rows', info=true) %}
    {% endfor %}

    {% call statement('main') %}
        {{ 'select' if config.get('partitioned') else 'analyze ' ~ target }}
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
    {% set rows %}select {{ columns }} from ({{ render(model['raw_code']) }}) as rendered{% endset %}
    {% call statement('begin') %}
        -- After a commit of dbt's own, statements would each be a transaction.
        begin;
        {{ config.get('sql_header', '') }}
        -- Of two builds at once the second waits, and so replaces what the first has made.
        lock table {{ target }} in share row exclusive mode
    {% endcall %}
    {% if config.get('partitioned') %}
        {% do replace_partition(target, period, rows) %}
    {% else %}
        {% call statement('replace') %}
            delete from {{ target }} where period = {{ period_date() }};
            insert into {{ target }} ({{ columns }}) {{ rows }}
        {% endcall %}
    {% endif %}
    {% call statement('record') %}{{ record_build(model.name) }}{% endcall %}
    {% do adapter.commit() %}
{% endmacro %}


{% macro replace_partition(target, period, rows) %}
    {% set name = target.identifier ~ '_' ~ period | replace('-', '_') %}
    {% set old = target.incorporate(path={'identifier': name}) %}
    {% set new = target.incorporate(path={'identifier': name ~ '_new'}) %}
    {% call statement('replace') %}
        -- Nothing in it will ever change: there is nothing to vacuum.
        create table {{ new }} with (autovacuum_enabled = false) as {{ rows }}
    {% endcall %}
    {% call statement('attach') %}
        -- Checked beforehand, the limits are not checked under a lock that readers wait for.
        alter table {{ new }} add check (period is not null and period = {{ period_date() }});
        analyze {{ new }};
        drop table if exists {{ old }};
        alter table {{ new }} rename to {{ old.identifier }};
        alter table {{ target }} attach partition {{ old }} for values in ({{ period_date() }})
    {% endcall %}
{% endmacro %}
