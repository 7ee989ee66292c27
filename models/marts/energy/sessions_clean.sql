{{ config(materialized='view', post_hook="{{ describe_rule_columns(this) }}") }}

select * from {{ ref('sessions_flagged') }}
where not is_rejected
