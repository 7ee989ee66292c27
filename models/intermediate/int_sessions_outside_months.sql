{{ config(materialized='view') }}

-- Two simple conditions on `start` instead of one with `or`, so that PostgreSQL
-- can exclude chunks and push the filter down to a foreign server.

select * from {{ ref('stg_qualicharge__sessions') }}
where started_at < {{ instant_literal(period_instant(var('first_month'))) }}

union all

select * from {{ ref('stg_qualicharge__sessions') }}
where started_at >= {{ instant_literal(end_of_run_day()) }}
