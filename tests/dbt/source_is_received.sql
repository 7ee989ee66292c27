-- The months that the run has built contain each session of the source once, unaltered. Reads the
-- source directly, to be independent of the models.
--
-- Most months match in number and energy. In the others, sessions are compared one by one:
-- operators add, correct and delete sessions during a build, and after it. What the source has
-- received or changed since an hour before the month was built is left out (clocks may differ). A
-- session that the source no longer has is not missed.

-- depends_on: {{ ref('energy_balance_monthly') }}

{%- set differing = months_that_differ_from_source() %}

with

source_sessions as (
    {% for month in differing -%}
        {%- set last_built_at = built_at('int_session_flags', month) or run_started_at %}
        {%- set before = instant_literal(last_built_at - modules.datetime.timedelta(hours=1)) %}
        select
            cast('{{ month }}-01' as date) as period,
            id as session_id,
            start as started_at,
            "end" as ended_at,
            cast(energy as double precision) as energy_kwh
        from {{ source('qualicharge', 'session') }}
        where
            start >= {{ instant_literal(period_instant(month)) }}
            and start < {{ month_end_literal(month) }}
            and created_at < {{ before }}
            and (updated_at < {{ before }} or updated_at is null)
        {{ 'union all' if not loop.last }}
    {% else -%}
        select
            cast(null as date) as period,
            cast(null as uuid) as session_id,
            cast(null as timestamptz) as started_at,
            cast(null as timestamptz) as ended_at,
            cast(null as double precision) as energy_kwh
        where false
    {% endfor %}
),

received as (
    select
        session_id,
        started_at,
        count(*) as copies,
        min(ended_at) as ended_at,
        min(energy_kwh) as energy_kwh
    from {{ ref('int_session_flags') }}
    where {{ period_in('period', differing) }}
    group by session_id, started_at
)

select
    source_sessions.*,
    case
        when received.session_id is null then 'lost'
        when received.copies > 1 then 'duplicated'
        else 'altered'
    end as problem
from source_sessions
left join received
    on
        source_sessions.session_id = received.session_id
        and source_sessions.started_at = received.started_at
where
    received.session_id is null
    or received.copies > 1
    or received.ended_at <> source_sessions.ended_at
    or received.energy_kwh <> source_sessions.energy_kwh
