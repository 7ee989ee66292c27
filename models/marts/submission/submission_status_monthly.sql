with

changes as (
    select * from {{ ref('station_energy_changes') }}
),

blocked as (
    select * from {{ ref('blocked_energy_monthly') }}
),

-- Added up instead of joined, so that a filter on the month reaches both.
parts as (
    select
        period,
        siren,
        amenageur_name,
        status,
        computed_mwh,
        acknowledged_mwh,
        status <> 'not_sent' and (difference_mwh <> 0 or is_moved) as is_different,
        is_credited,
        cast(null as text) as blocked_station,
        cast(null as numeric) as blocked_mwh
    from changes
    union all
    select
        period,
        siren,
        amenageur_name,
        'blocked',
        null,
        null,
        false,
        null,
        id_station_itinerance,
        energy_mwh
    from blocked
)

select
    period,
    siren,
    coalesce(
        max(amenageur_name) filter (where status <> 'blocked'), max(amenageur_name)
    ) as amenageur_name,
    {{ stations_and_mwh('computed', 'true') }},
    {{ stations_and_mwh('sent', "status not in ('not_sent', 'blocked')") }},
    {{ stations_and_mwh('acknowledged', "status = 'acknowledged'") }},
    {{ stations_and_mwh('locked', "status = 'locked'") }},
    {{ stations_and_mwh('uncertain', "status = 'uncertain'") }},
    {{ stations_and_mwh('refused', "status = 'refused'") }},
    {{ stations_and_mwh('not_sent', "status = 'not_sent'") }},
    count(distinct blocked_station) as blocked_stations,
    coalesce(sum(blocked_mwh), 0) as blocked_mwh,
    count(*) filter (where is_different) as different_stations,
    coalesce(sum(acknowledged_mwh), 0) as carbure_mwh,
    coalesce(sum(acknowledged_mwh) filter (where status = 'uncertain'), 0)
        as uncertain_carbure_mwh,
    coalesce(sum(acknowledged_mwh) filter (where not is_credited), 0) as uncredited_mwh
from parts
group by period, siren
