{#
    Materialization: a table built month by month.

    For each month to build, the model's SQL is rendered for that month alone, and its rows replace the
    month's rows in one transaction. So readers see a month either as it was or as it is now; a row that
    the source has lost does not stay behind; and a month's figures do not depend on which other months
    are built in the same run.

    A month of a model is in one of two states, kept in the table `period_builds`:

        requested   `requested_at` is later than `built_at`, or `built_at` is null
        built       `built_at` is `requested_at` or later

        start of a run (plan_builds)  -> requested, for each month the run has to build
        replace_month (below)         -> built, in the transaction that replaces the rows
        create_monthly_table (below)  -> requested, for each known month: the new table is empty
        plan_spark                    -> the same, if the table of a model that Spark computes was dropped
        record_build of an input      -> requested, if it was built while the input was requested, but not built

    This is why an interrupted build resumes: what was requested and not built stays requested. It is
    also why two builds at once are safe: the second waits for the first at each table, then builds what
    it requested itself; the first skips what the second has already built.

    With `partitioned`, each month is a table of its own: made aside, in parallel, then swapped in. This
    is for millions of rows a month, and readers are blocked only for the swap.

    With `keeps_inputs`, the table has sessions that the source may have dropped since, and is never dropped
    itself: a full refresh replaces its months one by one, and added or removed columns are altered in
    place. A month that would lose too much keeps its figures (loss.sql).

    With `change_log`, the named macro logs why figures changed (change_log.sql).

    With `records_limits`, the limits that the month was judged by are stored with it: this model applies the
    rules.

    `sql_header` runs at the beginning of each transaction, so `set local` applies to this model alone.
#}
{% materialization monthly_replace, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set must_create = existing is none or should_full_refresh() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do get_assert_columns_equivalent(sql) %}
    {% if must_create %}
        {% do create_monthly_table(target, existing) %}
    {% elif column_changes(target) or missing_indexes(target) %}
        {% call statement('lock') %}begin; {{ lock_for_ddl(target) }}{% endcall %}
        {#- Again: another build may have altered the table meanwhile. -#}
        {% for change in column_changes(target) %}
            {% call statement('alter') %}alter table {{ target }} {{ change }}{% endcall %}
        {% endfor %}
        {% do create_missing_indexes(target) %}
        {% call statement('commit') %}commit{% endcall %}
    {% endif %}

    {% set periods = months_to_build(model.name) %}
    {% for period in periods %}
        {% set rows = replace_month(target, period) %}
        {% set progress = loop.index ~ ' of ' ~ periods | length %}
        {% do log(target.identifier ~ ' ' ~ period ~ ' (' ~ progress ~ '): ' ~ rows, info=true) %}
    {% endfor %}

    {% if periods and not config.get('partitioned') %}
        {% call statement('analyze') %}
            -- A sample of 3,000 rows. The default reads ten times as many, which takes longer than replacing a month.
            begin;
            set local default_statistics_target = 10;
            analyze {{ target }};
            commit
        {% endcall %}
    {% endif %}
    {% if periods or must_create %}
        {% do persist_docs(target, model) %}
        {% do apply_grants(target, config.get('grants'), should_revoke(existing, must_create)) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% call statement('finish') %}commit{% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {#- What dbt prints at the end of the model's line. -#}
    {% set summary = periods | length ~ (' month' if periods | length == 1 else ' months') %}
    {% do store_raw_result(
        'main', message=summary if periods else 'nothing to build', code='', rows_affected=-1
    ) %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro create_monthly_table(target, existing) %}
    {% call statement('lock') %}begin; {{ lock_for_ddl(target) }}{% endcall %}
    {#- Another build may have created the table since this one looked. -#}
    {% if existing is not none %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% if not relation_exists(target) %}
        {% call statement('create') %}
            create table {{ target }} {{ get_table_columns_and_constraints() }}
            {{ 'partition by list (period)' if config.get('partitioned') }};
            {{ request_again(model.name) }}
        {% endcall %}
        {% do create_missing_indexes(target) %}
    {% endif %}
    {% call statement('commit') %}commit{% endcall %}
{% endmacro %}


{# The indexes of a new table, and those that a new version of the project adds. #}
{% macro create_missing_indexes(target) %}
    {% for columns in missing_indexes(target) %}
        {% call statement('index') %}create index on {{ target }} {{ columns }}{% endcall %}
    {% endfor %}
{% endmacro %}


{# The columns of the model's indexes that the table does not have, each as in `create index`. #}
{% macro missing_indexes(target) %}
    {% set missing = [] %}
    {% for index in config.get('indexes', []) %}
        {% set columns = '(' ~ index.columns | join(', ') ~ ')' %}
        {% set same %}
            select from pg_index
            where indrelid = cast({{ literal(target) }} as regclass) and pg_get_indexdef(indexrelid) like {{ literal('%' ~ columns) }}
        {% endset %}
        {% if not run_query(same).rows %}{% do missing.append(columns) %}{% endif %}
    {% endfor %}
    {% do return(missing) %}
{% endmacro %}


{#
    What a new version of the project changes in the columns of the table, each as in `alter table`. Rows stay. So a column that
    must not be null is added only if the table is never dropped. Views that read a dropped column are dropped with it; the
    run creates them again.
#}
{% macro column_changes(target) %}
    {% set existing = adapter.get_columns_in_relation(target) | map(attribute='name') | list %}
    {% set changes = [] %}
    {% for column in model['columns'].values() if column.name not in existing %}
        {% if config.get('keeps_inputs') or not column.constraints %}
            {% do changes.append('add column ' ~ column.name ~ ' ' ~ column.data_type) %}
        {% endif %}
    {% endfor %}
    {% for name in existing if name not in model['columns'] and config.get('keeps_inputs') %}
        {% do changes.append('drop column ' ~ name ~ ' cascade') %}
    {% endfor %}
    {% do return(changes) %}
{% endmacro %}


{# Replace one month and return what happened, for the log. #}
{% macro replace_month(target, period) %}
    {#- Macros of macros/periods read the month to render from the context. -#}
    {% do context.update({'current_month': period}) %}
    {% set columns = get_quoted_csv(model['columns'].keys()) %}
    {% call statement('begin') %}
        -- dbt's own commit leaves the connection in autocommit: begin explicitly.
        begin;
        {{ config.get('sql_header', '') }}
        -- Blocks other builds, not readers.
        lock table {{ target }} in share row exclusive mode
    {% endcall %}
    {% if period not in months_to_build(model.name) %}
        {% call statement('rollback') %}rollback{% endcall %}
        {% do return('built by another run') %}
    {% endif %}
    {% set run = run_to_take(period) %}
    {% if run and run == landed_run(model.name, period) %}
        {% do drop_landed(period) %}
        {% call statement('record') %}{{ record_kept(model.name) }}; commit{% endcall %}
        {% do return('kept as it was') %}
    {% endif %}
    {% set missing = missing_input(period, run) %}
    {% if missing %}
        {% call statement('rollback') %}rollback{% endcall %}
        {% do return('not built: ' ~ missing) %}
    {% endif %}
    {#- First, because another run may find meanwhile that the source has the month again. -#}
    {% set time_of_read = read_at(run) %}
    {% set sql = landed_rows(period, run) if run else render(model['raw_code']) %}
    {% set rows %}select {{ columns }} from ({{ sql }}) as rendered{% endset %}
    {% if config.get('partitioned') %}
        {% set loss = replace_partition(target, period, rows, run) %}
        {% if loss %}{% do return('kept as it was: it would lose ' ~ describe_loss(loss)) %}{% endif %}
    {% else %}
        {% call statement('replace') %}
            delete from {{ target }} where period = {{ period_date() }};
            insert into {{ target }} ({{ columns }}) {{ rows }}
        {% endcall %}
    {% endif %}
    {% set message = '{:,}'.format(load_result('replace').response.rows_affected) ~ ' rows' %}
    {% if 'sessions' in model.tags %}{% do drop_landed(period) %}{% endif %}
    {% call statement('record') %}{{ record_build(model.name, run, time_of_read) }}{% endcall %}
    {% call statement('commit') %}commit{% endcall %}
    {% do return(message ~ (' from Spark' if run else '')) %}
{% endmacro %}


{# Returns what the month would lose if that is too much, so that it stays as it was; else none. #}
{% macro replace_partition(target, period, rows, run) %}
    {% set name = target.identifier ~ '_' ~ period | replace('-', '_') %}
    {% set old = target.incorporate(path={'identifier': name}) %}
    {% set new = target.incorporate(path={'identifier': name ~ '_new'}) %}
    {% call statement('replace') %}
        -- Rows never change, so there is nothing to vacuum.
        create table {{ new }} with (autovacuum_enabled = false) as {{ rows }}
    {% endcall %}
    {% set loss = too_much_loss(old, new, run) if config.get('keeps_inputs') and period not in months_of_variable('accept_loss') %}
    {% if loss %}
        {% if run and model.name == 'int_session_flags' %}{% do forget_refused_fills(period, run) %}{% endif %}
        {% do drop_landed(period) %}
        {% call statement('keep') %}
            drop table {{ new }};
            {{ record_loss(model.name, loss) }};
            commit
        {% endcall %}
        {% do return(loss) %}
    {% endif %}
    {% if run %}
        {% do log_landed_changes(period, run) %}
    {#- The old table has only some of the sessions of a month from Spark. -#}
    {% elif not landed_run(model.name, period) %}
        {% do log_changes(old, new) %}
    {% endif %}
    {#- With the same indexes and the check in place, attaching reads nothing while it blocks readers. -#}
    {% do create_missing_indexes(new) %}
    {% call statement('attach') %}
        alter table {{ new }} add check (period is not null and period = {{ period_date() }});
        analyze {{ new }};
        drop table if exists {{ old }};
        alter table {{ new }} rename to {{ old.identifier }};
        alter table {{ target }} attach partition {{ old }} for values in ({{ period_date() }})
    {% endcall %}
    {% do return(none) %}
{% endmacro %}
