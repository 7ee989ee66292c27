{#
    The state of each `key` that applies to the month, from the rows of a snapshot with their
    `blocking_reason` (docs/decisions/0044-states-over-time.md):

    1. The state at the month's last instant; before the first recorded state, the first.
    2. If its energy cannot be sent, the first later state whose energy can.
    3. If it was deleted before, its last state.
#}
{% macro states_of_month(states, key) %}
    select distinct on ({{ key }})
        *
    from (
        select
            *,
            coalesce(dbt_valid_to < {{ states_instant() }}, false) as is_over
        from {{ states }}
    ) as states
    order by
        {{ key }},
        is_over,
        not is_over and blocking_reason is not null,
        case when not is_over then dbt_valid_from end,
        dbt_valid_from desc
{% endmacro %}

{# The instant whose states apply: the end of the month or, if the variable says so, the latest. #}
{% macro states_instant() %}
    {%- set is_latest = current_period() in months_of_variable('use_current_states') -%}
    {%- do return("cast('infinity' as timestamptz)" if is_latest else period_end()) -%}
{% endmacro %}

{#
    Snapshots record with this the time of a change. dbt's own has no time zone, and is the start of the
    transaction, which may have waited for the changes of another build.
#}
{% macro postgres__snapshot_get_time() -%}
    statement_timestamp()
{%- endmacro %}
