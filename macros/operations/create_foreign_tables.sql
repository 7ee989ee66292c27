{#
    Shows the tables of a QualiCharge database elsewhere in the schema `var('source_schema')`, through
    postgres_fdw: the tables and columns that models/staging/sources.yml declares. Run again, it makes
    them anew and points at what it is given; models built on them are back after the next build.

        dbt run-operation create_foreign_tables --args '{host: …, dbname: …}'

    Who the warehouse is for the other database is no argument, since dbt logs what it runs and a
    password belongs to it: the user mapping is made once with psql, as the README shows.
#}
{% macro create_foreign_tables(host, dbname, port=5432, schema='public') %}
    {%- if not host or not dbname -%}
        {%- do exceptions.raise_compiler_error("give --args '{host: …, dbname: …}'") -%}
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
    {% do log("Foreign tables made in the schema " ~ var('source_schema'), info=true) %}
{% endmacro %}

{# Foreign tables are made in place of foreign tables, never of those that hold data. #}
{% macro refuse_real_tables(schema) %}
    {%- set found = run_query(
        "select count(*) from information_schema.tables where table_type = 'BASE TABLE'"
        ~ " and table_schema = " ~ literal(schema)
    ) -%}
    {%- if found.columns[0].values()[0] > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "the schema " ~ schema ~ " has tables of its own: choose another as the variable source_schema"
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro literal(value) %}
    {%- do return("'" ~ (value | string | replace("'", "''")) ~ "'") -%}
{% endmacro %}
