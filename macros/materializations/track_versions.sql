{#
    Incremental strategy: insert versions not seen before, and mark the current ones.

    A version is one state of a charge point. Its id is a hash of its columns, so it is the same in every
    build. Both changes are one transaction, so a build that is killed leaves either none or both.
#}
{% macro get_incremental_track_versions_sql(arguments) %}
    {%- set target, seen = arguments['target_relation'], arguments['temp_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    -- Two builds at once would update the same rows.
    lock table {{ target }} in share row exclusive mode;
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ seen }}
    on conflict (charge_point_version_id) do nothing;
    update {{ target }} as version set is_current = not version.is_current
    where version.is_current <> exists (
        select from {{ seen }} as seen
        where seen.charge_point_version_id = version.charge_point_version_id
    )
{% endmacro %}

{% macro version_id(columns) -%}
    hash_record_extended(row({{ columns | join(', ') }}), 0)
{%- endmacro %}
