{{ config(materialized='view') }}

select * from {{ ref('sessions_flagged') }}
where not is_rejected
