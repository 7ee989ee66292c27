{#
    Create two roles without login, one for the sender and one for dashboard readers. Grant them to
    login roles:

        dbt run-operation create_roles
        psql -c 'grant tiruert_sender to monthly_submission'

    Role names begin with the marts' schema. Every dbt run ends by granting the privileges again,
    because a recreated table loses them.
#}
{% macro create_roles() %}
    {% call statement('create_roles') %}
        {% for role in (sender_role(), reader_role()) %}
        do $$ begin create role {{ adapter.quote(role) }} nologin; exception when duplicate_object then null; end $$;
        {% endfor %}
    {% endcall %}
    {% call statement('grant_roles') %}{{ grant_roles() }}{% endcall %}
    {% do adapter.commit() %}
{% endmacro %}

{% macro sender_role() %}{{ return(target.schema ~ '_sender') }}{% endmacro %}

{% macro reader_role() %}{{ return(target.schema ~ '_reader') }}{% endmacro %}

{#
    Grant privileges to those roles that exist. Under a lock: PostgreSQL fails if two builds grant on the
    same table at once.
#}
{% macro grant_roles() %}
    {{ adapter.dispatch('grant_roles')() }}
{% endmacro %}

{% macro spark__grant_roles() %}{% endmacro %}

{% macro default__grant_roles() %}
    {%- set schema, ledger = adapter.quote(target.schema), adapter.quote(ledger_schema()) -%}
    {%- set sender, reader = adapter.quote(sender_role()), adapter.quote(reader_role()) -%}
    {%- set roles, marts = [], [] -%}
    {%- if execute -%}
        {%- set roles = run_query('select rolname from pg_roles').columns[0].values() -%}
        {%- set marts = run_query(
            'select tablename from pg_tables where schemaname = ' ~ literal(target.schema)
        ).columns[0].values() -%}
    {%- endif -%}
    {{ lock_for_ddl(period_builds()) }};
    {% if sender_role() in roles %}
        grant usage on schema {{ schema }}, {{ ledger }} to {{ sender }};
        {% for mart in ('station_energy_monthly', 'energy_balance_monthly') if mart in marts %}
        grant select on {{ schema }}.{{ mart }} to {{ sender }};
        {% endfor %}
        grant select on all tables in schema {{ ledger }} to {{ sender }};
        {% for table in ('request', 'request_station', 'response', 'refusal') %}
        grant insert on {{ ledger }}.{{ table }} to {{ sender }};
        {% endfor %}
    {% endif %}
    {% if reader_role() in roles %}
        grant usage on schema {{ schema }}, {{ ledger }} to {{ reader }};
        grant select on all tables in schema {{ schema }} to {{ reader }};
        grant select on {{ ledger }}.station_status to {{ reader }};
    {% endif %}
{% endmacro %}
