{#
    Materialization: a view, replaced in one statement.

    dbt's built-in one creates the view under a temporary name and renames it. So two builds at once
    collide, and the views that depend on it are dropped. Here the view is replaced in place. It is dropped
    only if its columns changed in a way that PostgreSQL cannot replace.
#}
{% materialization view, adapter='postgres' %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none and not existing.is_view %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% call statement('main') %}{{ replace_view(target, sql) }}{% endcall %}
    {% do persist_docs(target, model) %}
    {% do apply_grants(target, config.get('grants'), should_revoke(existing, full_refresh_mode=True)) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro replace_view(target, sql) %}
    {%- set replace = get_replace_view_sql(target, sql) -%}
    {{ lock_for_ddl(target) }};
    do $do$
    begin
        execute $view${{ replace }}$view$;
    exception when invalid_table_definition then
        drop view {{ target }} cascade;
        execute $view${{ replace }}$view$;
    end
    $do$
{% endmacro %}
