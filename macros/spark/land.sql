{#
    Write rows to the warehouse: first to a table of their own, then their number to `landings`. So a table
    without its row in `landings` is incomplete. A month in PostgreSQL takes them in its own transaction
    (macros/materializations/landing.sql).
#}
{% macro land(name, rows) %}
    {%- set step = var('spark_build') -%}
    {%- call statement('land') -%}
        create table warehouse.{{ landing_table(name, current_period(), step.run) }} as {{ rows }}
    {%- endcall -%}
    {%- call statement('announce') -%}
        insert into warehouse.{{ landings() }} (model, period, run, states_version, landed_rows)
        select '{{ name }}', {{ period_date() }}, '{{ step.run }}', '{{ step.states_version }}', count(*)
        from ({{ rows }}) as to_land
    {%- endcall -%}
{% endmacro %}

{# The rows of the month that PostgreSQL needs of a model. #}
{% macro rows_to_land(rows, columns) %}
    select {{ columns }}
    from {% if config.get('lands') -%}({{ context[config.get('lands')](rows) }}) as to_land{%- else -%}{{ rows }}{%- endif %}
{% endmacro %}

{#
    The month's flags before this run: in the lake if Spark computed them, in the warehouse if PostgreSQL did. `before` is
    the value that `flags_before` has returned.
#}
{% macro flags_before_this_run(before) -%}
    {%- if before == 'warehouse' -%}
        ({{ read_by_day(flags_for_changes(), 'started_at', period_instant(current_period()), month_end(current_period())) }})
    {%- else -%}
        {{ var('lake_format') }}.`{{ lake_folder('int_session_flags', before) }}`
    {%- endif -%}
{%- endmacro %}

{#
    The sessions that readers in PostgreSQL ask for one by one: those that break a rule or are blocked, and those that these
    were compared with. A session was compared if the next one of its charge point starts before it ends, or equals it. One that
    ends after the month is included, because the next month may compare it.
#}
{% macro sessions_for_readers(flags) %}
    with overlapping as (
        select distinct charge_point_id
        from {{ flags }}
        where arrays_overlap(broken_rules, array('duplicate', 'overlap', 'hidden_overlap'))
    ),

    neighbours as (
        select
            flags.session_id,
            flags.started_at,
            flags.ended_at,
            lead(flags.started_at) over later as next_started_at,
            lead(flags.ended_at) over later as next_ended_at
        from {{ flags }} as flags
        inner join overlapping on flags.charge_point_id = overlapping.charge_point_id
        where not coalesce(array_contains(flags.broken_rules, 'invalid_time'), false)
        window later as (
            partition by flags.charge_point_id
            order by flags.started_at, flags.ended_at, flags.received_at, flags.session_id
        )
    ),

    compared as (
        select session_id, started_at
        from neighbours
        where
            next_started_at < ended_at
            or (next_started_at = started_at and next_ended_at = ended_at)
    )

    select
        flags.* except (ended_at, received_at),
        coalesce(odd.odd_end, {{ as_utc_text('flags.ended_at') }}) as ended_at,
        coalesce(odd.odd_created_at, {{ as_utc_text('flags.received_at') }}) as received_at
    from {{ flags }} as flags
    left join compared on flags.session_id = compared.session_id and flags.started_at = compared.started_at
    left join {{ source('qualicharge', 'session') }} as odd
        on
            flags.session_id = odd.id
            and flags.started_at = odd.start
            and (odd.odd_end is not null or odd.odd_created_at is not null)
    left join {{ intermediate_table('int_stations') }} as stations
        on stations.period = {{ period_date() }} and flags.station_id = stations.station_id
    where
        flags.is_rejected
        or flags.broken_rules is not null
        or coalesce(flags.blocking_reason, stations.blocking_reason) is not null
        or compared.session_id is not null
        or flags.ended_at > {{ period_end() }}
{% endmacro %}

{% macro as_utc_text(instant) -%}
    concat(cast({{ instant }} as string), '+00')
{%- endmacro %}
