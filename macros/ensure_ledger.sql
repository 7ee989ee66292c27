{#
    Makes the sender's ledger where there is none, so that it can be read before anything was sent.
    Its text is sender/ledger.sql, the sender's own.
#}
{% macro ensure_ledger() %}
    {%- set ledger = api.Relation.create(schema=target.schema ~ '_ledger', identifier='ledger_version') -%}
    {% if execute and not table_exists(ledger) %}
        create schema if not exists {{ ledger.without_identifier() }};
        set local search_path to {{ ledger.without_identifier() }};
        {{ create_ledger() }}
    {% endif %}
{% endmacro %}
