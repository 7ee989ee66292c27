{#
    The source drops old sessions. A month is read from it only while it has the month completely, look-back
    included; afterwards a month is computed from the sessions that the warehouse has kept
    (docs/decisions/0045-months-the-source-dropped.md).

    The table `source_gap` has one row once the source has dropped sessions: the instant since which it is
    complete, and the last session that it has dropped.
#}
{% macro source_gap() %}
    {%- do return(intermediate_table('source_gap')) -%}
{% endmacro %}

{% macro create_source_gap() %}
    create table if not exists {{ source_gap() }} (
        complete_since timestamptz not null,
        noticed_at timestamptz not null,
        last_dropped_id uuid not null,
        last_dropped_started_at timestamptz not null
    );
{% endmacro %}

{# From this instant on the source has every session. Earlier than any month if it has dropped none. #}
{% macro complete_since() %}
    {%- set instants = [period_instant(var('first_month'))] -%}
    {%- if var('source_complete_since') is not none -%}
        {%- do instants.append(midnight(var('source_complete_since') | string)) -%}
    {%- endif -%}
    {%- if execute and relation_exists(source_gap()) -%}
        {%- do instants.extend(run_query('select complete_since from ' ~ source_gap()).columns[0].values()) -%}
    {%- endif -%}
    {%- do return(instants | max) -%}
{% endmacro %}

{% macro source_holds(period) %}
    {%- do return(months_the_source_holds([period]) | length > 0) -%}
{% endmacro %}

{% macro months_the_source_holds(months) %}
    {%- set since = complete_since() -%}
    {%- set held = [] -%}
    {%- for month in months if lookback_instant(month) >= since -%}{%- do held.append(month) -%}{%- endfor -%}
    {%- do return(held) -%}
{% endmacro %}

{#
    What to read the month's sessions from: `source` or, if that has dropped some of them, what this model has
    kept of them.
#}
{% macro inputs_of_month(source) -%}
    {{ adapter.dispatch('inputs_of_month')(source) }}
{%- endmacro %}

{# The lake has every session of the month. #}
{% macro spark__inputs_of_month(source) -%}
    {{ source }}
{%- endmacro %}

{% macro default__inputs_of_month(source) -%}
    {%- if source_holds(current_period()) -%}
        {{ source }}
    {%- else -%}
        (select * from {{ this }} where period = {{ period_date() }}) as kept
    {%- endif -%}
{%- endmacro %}

{#
    Notice at the start of a run what the source has dropped. Normally one look-up by the source's index: of
    the earliest session that the source should have.

    An operator deletes only sessions of his own; dropping a part of the table takes the sessions of all. So
    if sessions of several operational units are missing before the earliest that the source still has, it has
    dropped them. So has a source without any session.
#}
{% macro notice_dropped_sessions(sessions) %}
    {%- set gap = run_query('select last_dropped_id, last_dropped_started_at, complete_since from ' ~ source_gap()).rows -%}
    {%- if gap and source_is_back(sessions, gap[0]) -%}
        {%- do exceptions.warn('the source has the sessions again that it had dropped: ' ~ sessions) -%}
        {%- call statement('close_gap') -%}delete from {{ source_gap() }}{%- endcall -%}
    {%- endif -%}
    {%- set earliest = earliest_kept_session() -%}
    {%- if not earliest or source_has(sessions, earliest) -%}{%- do return(none) -%}{%- endif -%}
    {%- set months = months_with_sessions(sessions, months_between(month_of(earliest[1]), month_of_run())) -%}
    {%- set since = earliest_still_there(sessions, earliest[1], months) -%}
    {%- set missing = missing_sessions(earliest[1], since) -%}
    {%- if not months or missing.units > 1 -%}
        {%- call statement('record_gap') -%}
            delete from {{ source_gap() }};
            insert into {{ source_gap() }}
            values ({{ instant_literal(since) }}, now(), {{ literal(missing.last_id) }}, {{ instant_literal(missing.last_started_at) }})
        {%- endcall -%}
        {%- do exceptions.warn(
            'the source has dropped sessions: it is complete since ' ~ since.astimezone(modules.pytz.utc).isoformat(' ', 'seconds')
            ~ '. Months that it no longer has completely are computed from the sessions kept in the warehouse'
        ) -%}
    {%- endif -%}
{% endmacro %}

{#
    Whether the source has sessions again that it had dropped: the last one or, because an operator may have deleted
    that one meanwhile, some of several operational units in the days before it. `gap` is a row of the table.
#}
{% macro source_is_back(sessions, gap) %}
    {%- if source_has(sessions, gap) -%}{%- do return(true) -%}{%- endif -%}
    {%- if not relation_exists(intermediate_table('int_session_flags')) -%}{%- do return(false) -%}{%- endif -%}
    {%- set first = gap.last_dropped_started_at - modules.datetime.timedelta(days=var('overlap_lookback_days')) -%}
    {%- set returned -%}
        select flags.*
        from {{ sessions }} as session
        inner join {{ intermediate_table('int_session_flags') }} as flags
            on session.id = flags.session_id and session.start = flags.started_at
        where
            session.start >= {{ instant_literal(first) }}
            and session.start < {{ instant_literal(gap.complete_since) }}
            and {{ period_in('flags.period', months_between(month_of(first), month_of(gap.complete_since))) }}
    {%- endset -%}
    {%- do return(run_query(operational_units(returned)).columns[0].values()[0] > 1) -%}
{% endmacro %}

{# Whether the source has a session, given as (id, start). #}
{% macro source_has(sessions, session) %}
    {%- set found = run_query(
        'select 1 from ' ~ sessions ~ ' where id = ' ~ literal(session[0]) ~ ' and start = ' ~ instant_literal(session[1])
    ) -%}
    {%- do return(found.rows | length > 0) -%}
{% endmacro %}

{# The earliest kept session, as (id, start), from the instant on from which the source is complete. #}
{% macro earliest_kept_session() %}
    {%- if not relation_exists(intermediate_table('int_session_flags')) -%}{%- do return(none) -%}{%- endif -%}
    {%- set since = complete_since() -%}
    {%- for month in built_months() if next_period(month) > month_of(since) -%}
        {%- set found = run_query(
            'select session_id, started_at from ' ~ intermediate_table('int_session_flags')
            ~ " where period = '" ~ month ~ "-01' and started_at >= " ~ instant_literal(since)
            ~ ' order by started_at, session_id limit 1'
        ).rows -%}
        {%- if found -%}{%- do return(found[0]) -%}{%- endif -%}
    {%- endfor -%}
{% endmacro %}

{#
    The start of the earliest kept session, from an instant on, that the source still has in one of `months`; the end
    of the day of the run if it has none. Sessions that have arrived since do not count: they may start at any time.
#}
{% macro earliest_still_there(sessions, after, months) %}
    {%- for month in months | sort -%}
        {%- set start = run_query(
            'select min(session.start) from ' ~ sessions ~ ' as session inner join '
            ~ intermediate_table('int_session_flags') ~ ' as flags'
            ~ " on flags.period = '" ~ month ~ "-01' and session.id = flags.session_id and session.start = flags.started_at"
            ~ ' where session.start >= ' ~ instant_literal([period_instant(month), after] | max)
            ~ ' and session.start < ' ~ month_end_literal(month)
        ).columns[0].values()[0] -%}
        {%- if start is not none -%}{%- do return(start) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(end_of_run_day()) -%}
{% endmacro %}

{# Kept sessions between two instants: the number of their operational units, and the last session. #}
{% macro missing_sessions(first, end) %}
    {%- set months = months_between(month_of(first), month_of(end)) -%}
    {%- set missing -%}
        select * from {{ intermediate_table('int_session_flags') }}
        where
            {{ period_in('period', months) }}
            and started_at >= {{ instant_literal(first) }}
            and started_at < {{ instant_literal(end) }}
    {%- endset -%}
    {%- set last = run_query(
        'select session_id, started_at from (' ~ missing ~ ') as missing order by started_at desc limit 1'
    ).rows -%}
    {#- None if another session with the same start is still there. -#}
    {%- if not last -%}{%- do return({'units': 0}) -%}{%- endif -%}
    {%- do return({
        'units': run_query(operational_units(missing)).columns[0].values()[0],
        'last_id': last[0].session_id,
        'last_started_at': last[0].started_at,
    }) -%}
{% endmacro %}

{# A query for the number of operational units of some kept sessions, given as a query. #}
{% macro operational_units(kept_sessions) -%}
    {% if relation_exists(intermediate_table('int_stations')) -%}
        select count(distinct coalesce(stations.operational_unit_code, ''))
        from ({{ kept_sessions }}) as kept
        left join {{ intermediate_table('int_stations') }} as stations
            on kept.period = stations.period and kept.station_id = stations.station_id
    {%- else -%}
        -- The first run of this version.
        select count(distinct charge_point_id) from ({{ kept_sessions }}) as kept
    {%- endif %}
{%- endmacro %}

{# The months with flags that meet a condition, the earliest first. #}
{% macro built_months(condition='true') %}
    {%- do return(run_query(
        "select to_char(period, 'YYYY-MM') from " ~ period_builds()
        ~ " where model = 'int_session_flags' and built_at is not null and " ~ condition ~ ' order by period'
    ).columns[0].values() | list) -%}
{% endmacro %}

{#
    The months that can be computed without the source: the warehouse has their sessions or, for a build on Spark, the
    lake has them.
#}
{% macro kept_months() %}
    {%- do return(built_months('true' if var('spark_build') else 'landed_run is null')) -%}
{% endmacro %}

{# Leave out, with a warning, the months of which the source lacks a part and the warehouse has nothing. #}
{% macro computable_months(months) %}
    {%- set available = kept_months() + months_the_source_holds(months) -%}
    {%- set computable = [] -%}
    {%- for month in months -%}
        {%- if month in available -%}
            {%- do computable.append(month) -%}
        {%- else -%}
            {%- do exceptions.warn(
                month ~ ' is not built: the source is complete only since '
                ~ complete_since().astimezone(modules.pytz.utc).isoformat(' ', 'seconds')
                ~ ', and the warehouse has not kept the month. If it was computed on Spark, run python -m spark_build'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(computable) -%}
{% endmacro %}

{#
    For the months that are no longer read from the source: how many of its sessions the warehouse does not have. As
    rows (month, sessions), without months that lack none.
#}
{% macro late_sessions(months) %}
    {%- if not months -%}{%- do return([]) -%}{%- endif -%}
    {%- set counts = [] -%}
    {%- set not_checked, complete_from = months_the_source_holds(months) + months_on_spark(), complete_since() -%}
    {%- for month in months if month not in not_checked -%}
        {%- set since = [period_instant(month), complete_from] | max -%}
        {%- set late -%}
            select count(*)
            from {{ source('qualicharge', 'session') }} as session
            where
                start >= {{ instant_literal(since) }}
                and start < {{ month_end_literal(month) }}
                and not exists (
                    select from {{ intermediate_table('int_session_flags') }} as flags
                    where flags.period = cast('{{ month }}-01' as date)
                        and flags.session_id = session.id
                        and flags.started_at = session.start
                )
        {%- endset -%}
        {%- set sessions = run_query(late).columns[0].values()[0] -%}
        {%- if sessions -%}{%- do counts.append((month, sessions)) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(counts) -%}
{% endmacro %}
