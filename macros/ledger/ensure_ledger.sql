{#
    Creates the sender's ledger, or upgrades it to the latest version: applies, in one transaction, each
    migration in macros/ledger/migrations that it lacks. Runs at the start of every dbt run, so that the
    marts can read the ledger before anything was sent. Nothing else creates ledger tables.
#}
{% macro ensure_ledger() %}
    {%- if execute -%}
        {%- set schema = ledger_schema() -%}
        {%- set version = ledger_version(schema) -%}
        {%- set latest = latest_ledger_version() -%}
        {%- if version > latest -%}
            {%- do exceptions.raise_compiler_error(
                "the ledger has version " ~ version ~ ", this project supports " ~ latest
                ~ ": use a newer version of the project"
            ) -%}
        {%- endif -%}
        {%- if version < latest %}
            create schema if not exists {{ adapter.quote(schema) }};
            set local search_path to {{ adapter.quote(schema) }};
            {%- for number in range(version + 1, latest + 1) %}
            {{ context['ledger_migration_' ~ number]() }}
            insert into ledger_version (version) values ({{ number }});
            {%- endfor %}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# The number of the last migration. sender/ledger.py checks for the same number. #}
{% macro latest_ledger_version() %}{{ return(2) }}{% endmacro %}

{% macro ledger_schema() %}{{ return(target.schema ~ '_ledger') }}{% endmacro %}

{# The version of an existing ledger; 0 when there is none. #}
{% macro ledger_version(schema) %}
    {%- set relation = api.Relation.create(schema=schema, identifier='ledger_version') -%}
    {%- if not table_exists(relation) -%}{%- do return(0) -%}{%- endif -%}
    {%- do return(run_query('select max(version) from ' ~ relation).columns[0].values()[0]) -%}
{% endmacro %}
