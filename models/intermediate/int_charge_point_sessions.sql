{{ config(materialized='monthly_replace', tags=['sessions']) }}

select
    {{ period_date() }} as period,
    charge_point_id,
    count(*) as sessions,
    count(*) filter (where is_rejected) as rejected_sessions
from {{ ref('int_session_flags') }}
where period = {{ period_date() }} and charge_point_id is not null
group by charge_point_id
