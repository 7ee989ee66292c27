{#
    Stations change hands and charge points get another power, while a month that was computed stays
    as it was. So each state in which one was seen is kept, under a number made of what it says: the
    same on every build, and found without asking which numbers there are.
#}
{% macro version_id(columns) -%}
    hash_record_extended(row({{ columns | join(', ') }}), 0)
{%- endmacro %}

{# An incremental strategy: versions not seen before are added, and none is ever changed. #}
{% macro get_incremental_append_missing_sql(arguments) %}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }}
    on conflict do nothing
{% endmacro %}
