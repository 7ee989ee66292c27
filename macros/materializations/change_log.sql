{#
    The table `change_log`: why figures changed that CARBURE had acknowledged. One row per month, station, run and
    cause, only added, in the transaction that replaces the month. A model with the configuration `change_log` names
    the macro below that compares the month's old and new table.
#}
{% macro change_log() %}
    {%- do return(intermediate_table('change_log')) -%}
{% endmacro %}

{% macro create_change_log() %}
    create table if not exists {{ change_log() }} (
        period date not null,
        id_station_itinerance text not null,
        changed_at timestamptz not null,
        cause text not null,
        sessions bigint,
        energy_kwh numeric,
        value_before text,
        value_after text
    );
    -- Only if needed: `create index` would wait for every build that is running, even if the index exists.
    do $do$
    begin
        if to_regclass({{ literal(intermediate_table('change_log_period')) }}) is null then
            create index change_log_period on {{ change_log() }} (period);
        end if;
    end
    $do$;
{% endmacro %}

{# Compare the tables, if CARBURE has acknowledged anything of the month. #}
{% macro log_changes(old, new) %}
    {%- if not config.get('change_log') or not relation_exists(old) -%}{%- do return(none) -%}{%- endif -%}
    {%- if month_is_acknowledged() -%}
        {%- call statement('log_changes') -%}{{ context[config.get('change_log')](old, new) }}{%- endcall -%}
    {%- endif -%}
{% endmacro %}

{# Whether CARBURE has acknowledged a station of the month. #}
{% macro month_is_acknowledged() %}
    {%- do return(run_query('select from (' ~ acknowledged_stations() ~ ') as stations limit 1').rows | length > 0) -%}
{% endmacro %}

{% macro acknowledged_stations() -%}
    select id_station_itinerance
    from {{ station_status() }}
    where period = {{ period_date() }} and acknowledged_request_id is not null
{%- endmacro %}

{% macro station_status() %}
    {%- do return(api.Relation.create(schema=ledger_schema(), identifier='station_status')) -%}
{% endmacro %}

{# Changes of owner, unit or status. #}
{% macro log_owner_changes(old, new) %}
    {%- set state = "concat_ws(' ', {0}.siren, {0}.operational_unit_code, {0}.blocking_reason)" -%}
    insert into {{ change_log() }} (period, id_station_itinerance, changed_at, cause, value_before, value_after)
    select {{ period_date() }}, before.id_station_itinerance, {{ computed_at() }}, 'owner',
        {{ state.format('before') }}, {{ state.format('after') }}
    from {{ old }} as before
    inner join {{ new }} as after on before.station_id = after.station_id
    where before.id_station_itinerance in ({{ acknowledged_stations() }})
        and {{ state.format('before') }} <> {{ state.format('after') }}
{% endmacro %}

{# Changes of nominal power: the sum of the station's charge points that have another. #}
{% macro log_power_changes(old, new) %}
    insert into {{ change_log() }} (period, id_station_itinerance, changed_at, cause, value_before, value_after)
    select {{ period_date() }}, stations.id_station_itinerance, {{ computed_at() }}, 'power',
        coalesce({{ total_power_kw('before.max_power_kw') }} || ' kW', 'invalid_power'),
        coalesce({{ total_power_kw('after.max_power_kw') }} || ' kW', 'invalid_power')
    from {{ old }} as before
    inner join {{ new }} as after on before.charge_point_id = after.charge_point_id
    inner join {{ intermediate_table('int_stations') }} as stations
        on stations.period = {{ period_date() }} and after.station_id = stations.station_id
    where stations.id_station_itinerance in ({{ acknowledged_stations() }})
        and before.max_power_kw is distinct from after.max_power_kw
    group by stations.id_station_itinerance
{% endmacro %}

{# Sessions that were added, deleted, corrected or judged otherwise. #}
{% macro log_session_changes(old, new) %}
    {{ log_changed_sessions(session_changes(old, new, stored_limits(model.name) != judged_by())) }}
{% endmacro %}

{# Log the rows of `changes`, which have the columns of session_changes. #}
{% macro log_changed_sessions(changes) %}
    insert into {{ change_log() }} (period, id_station_itinerance, changed_at, cause, sessions, energy_kwh)
    select {{ period_date() }}, id_station_itinerance, {{ computed_at() }}, cause, sessions, after_kwh - before_kwh
    from ({{ changes }}) as changes
{% endmacro %}

{#
    A query for the sessions whose clean energy differs between two tables of the month's flags: one row per acknowledged
    station and cause. It runs on PostgreSQL and on Spark.
#}
{% macro session_changes(old, new, limits_have_changed) %}
    {%- set inputs = '({0}.charge_point_id, {0}.started_at, {0}.ended_at, {0}.energy_kwh)' -%}
    {%- set clean = "coalesce(case when not {0}.is_rejected then " ~ booked_energy_kwh('{0}.energy_kwh') ~ " end, 0)" -%}
    with stations as (
        select charge_points.charge_point_id, stations.id_station_itinerance
        from {{ intermediate_table('int_charge_points') }} as charge_points
        inner join {{ intermediate_table('int_stations') }} as stations
            on stations.period = {{ period_date() }} and charge_points.station_id = stations.station_id
        where charge_points.period = {{ period_date() }}
            and charge_points.charge_point_id in ({{ changed_charge_points(old, new) }})
            and stations.id_station_itinerance in ({{ acknowledged_stations() }})
    ),
    old_sessions as (
        select sessions.*, stations.id_station_itinerance
        from {{ old }} as sessions
        inner join stations on sessions.charge_point_id = stations.charge_point_id
    ),
    new_sessions as (
        select sessions.*, stations.id_station_itinerance
        from {{ new }} as sessions
        inner join stations on sessions.charge_point_id = stations.charge_point_id
    ),
    compared as (
        select
            coalesce(new_sessions.id_station_itinerance, old_sessions.id_station_itinerance) as id_station_itinerance,
            case
                when old_sessions.session_id is null then 'sessions_added'
                when new_sessions.session_id is null then 'sessions_deleted'
                when {{ inputs.format('old_sessions') }} <> {{ inputs.format('new_sessions') }} then 'sessions_corrected'
                else '{{ 'limits' if limits_have_changed else 'judged_again' }}'
            end as cause,
            {{ clean.format('old_sessions') }} as before_kwh,
            {{ clean.format('new_sessions') }} as after_kwh
        from old_sessions
        full join new_sessions on old_sessions.session_id = new_sessions.session_id
    )
    select id_station_itinerance, cause, count(*) as sessions, sum(before_kwh) as before_kwh, sum(after_kwh) as after_kwh
    from compared
    where before_kwh <> after_kwh
    group by id_station_itinerance, cause
{% endmacro %}

{# Charge points whose sessions may differ. Most have not changed, so PostgreSQL compares all sessions of each at once. #}
{% macro changed_charge_points(old, new) -%}
    {{ adapter.dispatch('changed_charge_points')(old, new) }}
{%- endmacro %}

{% macro default__changed_charge_points(old, new) -%}
    {%- set contents -%}
        select
            charge_point_id,
            bit_xor(hash_record_extended(
                row(session_id, started_at, ended_at, energy_kwh, is_rejected), 0
            )) as contents
        from {table}
        group by charge_point_id
    {%- endset -%}
    select coalesce(before.charge_point_id, after.charge_point_id)
    from ({{ contents.format(table=old) }}) as before
    full join ({{ contents.format(table=new) }}) as after on before.charge_point_id = after.charge_point_id
    where before.contents is distinct from after.contents
{%- endmacro %}

{% macro spark__changed_charge_points(old, new) -%}
    select charge_point_id from {{ intermediate_table('int_charge_points') }} where period = {{ period_date() }}
{%- endmacro %}
