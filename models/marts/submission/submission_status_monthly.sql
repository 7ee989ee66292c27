{%- set totals = [
    'computed', 'sent', 'acknowledged', 'locked', 'uncertain', 'refused', 'not_sent'
] %}

with

changes as (
    select * from {{ ref('station_energy_changes') }}
),

blocked as (
    select * from {{ ref('blocked_energy_monthly') }}
),

computed as (
    select
        period,
        siren,
        max(amenageur_name) as amenageur_name,
        {{ stations_and_mwh('computed', 'true') }},
        {{ stations_and_mwh('sent', "status <> 'not_sent'") }},
        {{ stations_and_mwh('acknowledged', "status = 'acknowledged'") }},
        {{ stations_and_mwh('locked', "status = 'locked'") }},
        {{ stations_and_mwh('uncertain', "status = 'uncertain'") }},
        {{ stations_and_mwh('refused', "status = 'refused'") }},
        {{ stations_and_mwh('not_sent', "status = 'not_sent'") }},
        count(*) filter (where status <> 'not_sent' and (difference_mwh <> 0 or is_moved))
            as different_stations,
        coalesce(sum(acknowledged_mwh), 0) as carbure_mwh
    from changes
    group by period, siren
),

not_sendable as (
    select
        period,
        siren,
        max(amenageur_name) as amenageur_name,
        count(distinct id_station_itinerance) as blocked_stations,
        sum(energy_mwh) as blocked_mwh
    from blocked
    group by period, siren
)

select
    coalesce(computed.period, not_sendable.period) as period,
    coalesce(computed.siren, not_sendable.siren) as siren,
    coalesce(computed.amenageur_name, not_sendable.amenageur_name) as amenageur_name,
    {% for total in totals -%}
        coalesce(computed.{{ total }}_stations, 0) as {{ total }}_stations,
        coalesce(computed.{{ total }}_mwh, 0) as {{ total }}_mwh,
    {% endfor -%}
    coalesce(not_sendable.blocked_stations, 0) as blocked_stations,
    coalesce(not_sendable.blocked_mwh, 0) as blocked_mwh,
    coalesce(computed.different_stations, 0) as different_stations,
    coalesce(computed.carbure_mwh, 0) as carbure_mwh
from computed
full join not_sendable
    -- Blocked energy without a SIREN matches nothing and gets a row of its own.
    on computed.period = not_sendable.period and computed.siren = not_sendable.siren
