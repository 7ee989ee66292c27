{{ config(severity='warn') }}

-- Sessions arrive all the time. If none has for some days, the connection or the replication to the
-- platform is broken. `dbt source freshness` checks the same.

{%- set max_age = modules.datetime.timedelta(days=var('max_days_without_sessions')) %}

select received_at
from ({{ latest_reception() }}) as latest
where received_at is null or received_at < {{ instant_literal(run_started_at - max_age) }}
