{#
    Keep the sessions that version 0.4 has stored: they name a version of their charge point, not the charge point.
    The columns that are no longer used are dropped by column_changes. Can be deleted once no warehouse of that version is left.
#}
{% macro upgrade_session_flags() %}
    {%- set flags, history = intermediate_table('int_session_flags'), intermediate_table('int_charge_point_history') -%}
    {%- if relation_exists(flags) and 'charge_point_id' not in adapter.get_columns_in_relation(flags) | map(attribute='name') -%}
        {%- call statement('upgrade_session_flags') -%}
            alter table {{ flags }} add column charge_point_id uuid;
            update {{ flags }} as flags set charge_point_id = history.charge_point_id
            from {{ history }} as history
            where flags.charge_point_version_id = history.charge_point_version_id
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}
