-- The submission status adds up to the energy marts, and all statuses to the computed energy.

{%- set months = checked_months() %}

with

status as (
    select
        period,
        sum(computed_mwh) as computed_mwh,
        sum(blocked_mwh) as blocked_mwh,
        sum(computed_stations) as computed_stations,
        sum(
            acknowledged_mwh + locked_mwh + uncertain_mwh + refused_mwh + not_sent_mwh
        ) as all_statuses_mwh,
        sum(
            acknowledged_stations + locked_stations + uncertain_stations
            + refused_stations + not_sent_stations
        ) as all_statuses_stations
    from {{ ref('submission_status_monthly') }}
    where {{ period_in('period', months) }}
    group by period
),

energy as (
    select
        period,
        sum(energy_mwh) as energy_mwh,
        count(*) as stations
    from {{ ref('station_energy_monthly') }}
    where {{ period_in('period', months) }}
    group by period
),

blocked as (
    select
        period,
        sum(energy_mwh) as energy_mwh
    from {{ ref('blocked_energy_monthly') }}
    where {{ period_in('period', months) }}
    group by period
)

select status.*
from status
full join energy on status.period = energy.period
left join blocked on status.period = blocked.period
where
    coalesce(status.computed_mwh, 0) <> coalesce(energy.energy_mwh, 0)
    or coalesce(status.computed_stations, 0) <> coalesce(energy.stations, 0)
    or coalesce(status.blocked_mwh, 0) <> coalesce(blocked.energy_mwh, 0)
    or status.all_statuses_mwh <> status.computed_mwh
    or status.all_statuses_stations <> status.computed_stations
