select
    -- timestamps
    builds.period,
    min({{ sessions_read_at() }}) as sessions_read_at
from {{ source('builds', 'period_builds') }} as builds
where builds.model in ('int_lookback_sessions', 'int_session_flags', 'int_energy_daily')
group by builds.period
