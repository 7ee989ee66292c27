{#
    Create the sender's ledger or upgrade it to the latest version. All missing migrations of
    macros/ledger/migrations are applied in one transaction. Runs at the start of every dbt run, so that
    the marts can read the ledger before the first request. Nothing else creates ledger tables.
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

{# Number of the last migration. sender/ledger.py requires the same version. #}
{% macro latest_ledger_version() %}{{ return(4) }}{% endmacro %}

{% macro ledger_schema() %}{{ return(target.schema ~ '_ledger') }}{% endmacro %}

{# Version of the existing ledger; 0 if there is no ledger. #}
{% macro ledger_version(schema) %}
    {%- set relation = api.Relation.create(schema=schema, identifier='ledger_version') -%}
    {%- if not relation_exists(relation) -%}{%- do return(0) -%}{%- endif -%}
    {%- do return(run_query('select max(version) from ' ~ relation).columns[0].values()[0]) -%}
{% endmacro %}
