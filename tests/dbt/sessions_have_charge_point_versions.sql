-- Every session refers to a version that exists. Without it, the session's energy would be in no
-- station's sum and nothing would say why.

{%- set months = checked_months() %}

select
    flags.period,
    flags.charge_point_version_id,
    count(*) as sessions
from {{ ref('int_session_flags') }} as flags
where
    {{ period_in('flags.period', months) }}
    and flags.charge_point_version_id is not null
    and not exists (
        select from {{ ref('int_charge_point_history') }} as history
        where
            history.charge_point_version_id = flags.charge_point_version_id
            and history.station_version_id = flags.station_version_id
    )
group by flags.period, flags.charge_point_version_id
