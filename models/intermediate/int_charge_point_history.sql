-- Never refreshed in full: sessions of earlier months refer to the rows.
{{ config(
    materialized='incremental',
    incremental_strategy='track_versions',
    on_schema_change='append_new_columns',
    full_refresh=false,
    post_hook='analyze {{ this }}'
) }}

select
    *,
    true as is_current
from {{ ref('int_charge_points') }}
