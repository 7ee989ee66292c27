select
    *,
    true as is_current
from {{ ref('int_charge_points') }}
