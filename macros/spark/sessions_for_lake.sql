{#
    The view in PostgreSQL from which the lake is filled: the source's sessions, with instants that Spark can hold. An
    end or reception that is infinite or not in the years 1900 to 9999 is text in a column of its own, too.
#}
{% macro sessions_for_lake() %}
    {%- do return(api.Relation.create(schema=landing_schema(), identifier='sessions_for_lake')) -%}
{% endmacro %}

{% macro create_sessions_for_lake() %}
    create or replace view {{ sessions_for_lake() }} as
    select
        id,
        start,
        case when not {{ is_odd('"end"') }} then "end" end as "end",
        energy,
        point_de_charge_id,
        -- Receptions decide between equal sessions, so they stay in order as far as possible.
        case created_at
            when '-infinity' then {{ first_instant() }} - interval '1 second'
            when 'infinity' then {{ last_instant() }} + interval '1 second'
            else least(greatest(created_at, {{ first_instant() }}), {{ last_instant() }})
        end as created_at,
        case when {{ is_odd('"end"') }} then cast("end" as text) end as odd_end,
        case when {{ is_odd('created_at') }} then cast(created_at as text) end as odd_created_at
    from {{ source('qualicharge', 'session') }}
{% endmacro %}

{#
    The view from which Spark reads flags that PostgreSQL computed, to compare them with its own. As in the lake, an end
    that Spark cannot hold is null.
#}
{% macro flags_for_changes() %}
    {%- do return(api.Relation.create(schema=landing_schema(), identifier='flags_for_changes')) -%}
{% endmacro %}

{% macro create_flags_for_changes() %}
    {%- set flags = intermediate_table('int_session_flags') -%}
    {%- if relation_exists(flags) -%}
        create or replace view {{ flags_for_changes() }} as
        select
            session_id,
            charge_point_id,
            started_at,
            case when not {{ is_odd('ended_at') }} then ended_at end as ended_at,
            energy_kwh,
            is_rejected
        from {{ flags }}
    {%- endif -%}
{% endmacro %}

{% macro is_odd(instant) -%}
    ({{ instant }} < {{ first_instant() }} or {{ instant }} > {{ last_instant() }})
{%- endmacro %}

{% macro first_instant() %}
    {%- do return("cast('1900-01-01 00:00:00+00:00' as " ~ type_named('timestamptz') ~ ')') -%}
{% endmacro %}

{% macro last_instant() %}
    {%- do return("cast('9999-12-31 00:00:00+00:00' as " ~ type_named('timestamptz') ~ ')') -%}
{% endmacro %}
