{{ config(materialized='view') }}

-- An aggregate, so that there is one row (with null) even before the first build.
select max(period) as period
from {{ ref('energy_balance_monthly') }}
where period < date_trunc('month', now())
