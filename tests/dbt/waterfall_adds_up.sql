-- The steps of a month's waterfall add up to what CARBURE has acknowledged, for each SIREN. Only
-- fractions of Wh may be missing, because the marts in MWh round each station and blocking reason.

{%- set months = checked_months() %}

with

steps as (
    select
        period,
        siren,
        sum(energy_mwh) as energy_mwh
    from {{ ref('energy_steps_monthly') }}
    where {{ period_in('period', months) }}
    group by period, siren
),

acknowledged as (
    select
        period,
        siren,
        carbure_mwh,
        0.0000005 * (computed_stations + 10 * (blocked_stations + 1)) as rounding_mwh
    from {{ ref('submission_status_monthly') }}
    where {{ period_in('period', months) }}
)

select
    steps.energy_mwh,
    acknowledged.carbure_mwh,
    coalesce(steps.period, acknowledged.period) as period,
    coalesce(steps.siren, acknowledged.siren) as siren
from steps
full join acknowledged
    on
        steps.period = acknowledged.period
        and coalesce(steps.siren, '') = coalesce(acknowledged.siren, '')
where
    abs(coalesce(steps.energy_mwh, 0) - coalesce(acknowledged.carbure_mwh, 0))
    > coalesce(acknowledged.rounding_mwh, 0)
