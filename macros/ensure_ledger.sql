{#
    Makes the sender's ledger where there is none, so that it can be read before anything was sent.
    Its text is sender/ledger.sql, the sender's own.
#}
{% macro ensure_ledger() %}
    {%- set schema = target.schema ~ '_ledger' -%}
    {%- set found = run_query(
        "select count(*) from information_schema.tables where table_name = 'ledger_version'"
        ~ " and table_schema = " ~ literal(schema)
    ) -%}
    {% if execute and found.columns[0].values()[0] == 0 %}
        create schema if not exists {{ adapter.quote(schema) }};
        set local search_path to {{ adapter.quote(schema) }};
        {{ create_ledger() }}
    {% endif %}
{% endmacro %}
