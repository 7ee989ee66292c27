{{ config(materialized='view') }}

-- Two simple conditions on `start` instead of one with `or`, so that PostgreSQL excludes
-- chunks, and a foreign server filters.

select * from {{ ref('stg_qualicharge__sessions') }}
where started_at < {{ instant_literal(period_instant(var('first_month'))) }}

union all

select * from {{ ref('stg_qualicharge__sessions') }}
where started_at >= {{ instant_literal(end_of_run_day()) }}
