-- The books sum to nothing: a month's sessions are each rejected, blocked or sendable, and the
-- marts hold what the balance says, to the Wh. Only where energies are finer than that may the
-- rounding of a mart's rows make a difference, by half of one for each.

with

balance as (
    select * from {{ ref('energy_balance_monthly') }}
),

entries as (
    select
        period,
        'received' as place,
        received_sessions - rejected_sessions - blocked_sessions - sendable_sessions as sessions,
        received_kwh - rejected_kwh - blocked_kwh - sendable_kwh as energy_kwh,
        0 as rounding_kwh
    from balance

    union all

    select
        period,
        'blocked',
        blocked_sessions,
        blocked_kwh,
        0
    from balance

    union all

    select
        period,
        'blocked',
        -sessions,
        -energy_mwh * 1000,
        0.0005
    from {{ ref('blocked_energy_monthly') }}

    union all

    select
        period,
        'sendable',
        sendable_sessions,
        sendable_kwh,
        0
    from balance

    union all

    select
        period,
        'sendable',
        -sessions,
        -energy_mwh * 1000,
        0.0005
    from {{ ref('station_energy_monthly') }}
)

select
    period,
    place,
    sum(sessions) as missing_sessions,
    sum(energy_kwh) as missing_kwh
from entries
group by period, place
having
    sum(sessions) <> 0
    or abs(sum(energy_kwh)) > case
        when sum(energy_kwh) = round(sum(energy_kwh), 3) then 0
        else sum(rounding_kwh)
    end
