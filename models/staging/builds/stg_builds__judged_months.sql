select
    -- attributes
    period,
    judged_by -> 'limits' as limits,
    judged_by -> 'rejecting_rules' as rejecting_rules
from {{ source('builds', 'period_builds') }}
where judged_by is not null
