{#
    Create foreign tables (postgres_fdw) for a QualiCharge database on another server, in the schema
    `var('source_schema')`. Tables and columns are those of the source in
    models/staging/qualicharge/_qualicharge__sources.yml. Running it again recreates the tables and
    drops the views that read them; the next build restores the views.

        dbt run-operation create_foreign_tables --args '{host: …, dbname: …}'

    Credentials are not an argument, because dbt logs the statements it runs. Create the user mapping
    once with psql, as shown in docs/guide.md.
#}
{% macro create_foreign_tables(host, dbname, port=5432, schema='public') %}
    {%- if not host or not dbname -%}
        {%- do exceptions.raise_compiler_error(
            "create_foreign_tables needs a host and a database name: add --args '{host: …, dbname: …}'"
        ) -%}
    {%- endif -%}
    {%- do refuse_real_tables(var('source_schema')) -%}
    {%- set tables = graph.sources.values() | selectattr('source_name', 'equalto', 'qualicharge') -%}
    {%- set remote = {'host': host, 'port': port, 'dbname': dbname} -%}
    {% call statement('create_foreign_tables') %}
        create extension if not exists postgres_fdw;
        create server if not exists qualicharge foreign data wrapper postgres_fdw
            options (updatable 'false', fetch_size '10000', host '', port '', dbname '');
        alter server qualicharge options (
            {%- for option, value in remote.items() %}
            set {{ option }} {{ literal(value) }}{{ ',' if not loop.last }}
            {%- endfor %}
        );
        create schema if not exists {{ adapter.quote(var('source_schema')) }};
        {% for table in tables %}
        {%- set local = adapter.quote(table.schema) ~ '.' ~ adapter.quote(table.identifier) %}
        drop foreign table if exists {{ local }} cascade;
        create foreign table {{ local }} (
            {%- for column in table.columns.values() %}
            {{ adapter.quote(column.name) }} {{ column.data_type }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) server qualicharge options (
            schema_name {{ literal(schema) }}, table_name {{ literal(table.identifier) }}
        );
        {% endfor %}
    {% endcall %}
    {% do adapter.commit() %}
    {% do log("Created foreign tables in schema " ~ var('source_schema'), info=true) %}
{% endmacro %}

{# Raise an error if the schema contains ordinary tables. #}
{% macro refuse_real_tables(schema) %}
    {%- set found = run_query(
        "select count(*) from information_schema.tables where table_type = 'BASE TABLE'"
        ~ " and table_schema = " ~ literal(schema)
    ) -%}
    {%- if found.columns[0].values()[0] > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "schema " ~ schema ~ " already contains ordinary tables:"
            ~ " set the variable source_schema to another schema"
        ) -%}
    {%- endif -%}
{% endmacro %}
