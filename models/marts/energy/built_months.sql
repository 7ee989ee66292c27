{{ config(materialized='view') }}

with

months as (
    select period from {{ ref('energy_balance_monthly') }}
)

select
    period,
    to_char(period, 'YYYY-MM') as month_text,
    to_char(
        max(period) filter (where period < date_trunc('month', now())) over (), 'YYYY-MM'
    ) as latest_complete_month
from months
