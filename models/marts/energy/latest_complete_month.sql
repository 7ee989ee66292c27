{{ config(materialized='view') }}

-- Always one row, of null before anything is built.
select max(period) as period
from {{ ref('energy_balance_monthly') }}
where period < date_trunc('month', now())
