-- The months of the last run contain every session and Wh of the source. Reads the source directly,
-- to be independent of the models. Sessions keep arriving during a run, so the recently received ones
-- may be missing; with equal counts, the energy must be equal too.

{%- set balance = ref('energy_balance_monthly') %}
{%- set is_latest = "computed_at = (select max(computed_at) from " ~ balance ~ ")" %}
{%- set months_sql = "select to_char(period, 'YYYY-MM') from " ~ balance ~ " where " ~ is_latest %}
{%- set months = run_query(months_sql).columns[0].values()
    if execute and load_relation(balance) else [] %}

with

last_run as (
    select * from {{ balance }}
    where {{ is_latest }}
),

counted as (
    {% for month in months -%}
        select
            cast('{{ month }}-01' as date) as period,
            count(*) as sessions,
            count(*) filter (
                where created_at < {{ instant_literal(run_started_at) }} - interval '1 hour'
            ) as sessions_before,
            sum({{ booked_energy_kwh('energy') }}) as energy_kwh
        from {{ source('qualicharge', 'session') }}
        where
            start >= {{ instant_literal(period_instant(month)) }}
            and start < {{ instant_literal(period_instant(next_period(month))) }}
        {{ 'union all' if not loop.last }}
    {% else -%}
        select
            cast(null as date) as period,
            0 as sessions,
            0 as sessions_before,
            0 as energy_kwh
    {% endfor %}
)

select
    last_run.period,
    last_run.received_sessions,
    last_run.received_kwh,
    counted.sessions as source_sessions,
    counted.energy_kwh as source_kwh
from last_run
inner join counted on last_run.period = counted.period
where
    last_run.received_sessions not between counted.sessions_before and counted.sessions
    or (
        last_run.received_sessions = counted.sessions
        and last_run.received_kwh <> counted.energy_kwh
    )
