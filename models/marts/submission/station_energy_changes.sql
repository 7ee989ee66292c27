with

computed as (
    select * from {{ ref('station_energy_monthly') }}
),

known as (
    select * from {{ source('ledger', 'station_state') }}
),

compared as (
    select
        computed.energy_mwh as computed_mwh,
        known.energy_mwh as acknowledged_mwh,
        coalesce(computed.period, known.period) as period,
        coalesce(computed.id_station_itinerance, known.id_station_itinerance)
            as id_station_itinerance,
        coalesce(computed.siren, known.last_siren, known.siren) as siren,
        coalesce(computed.entity, known.last_entity, known.entity) as entity,
        coalesce(computed.code, known.last_code, known.code) as code,
        coalesce(computed.energy_mwh, 0) - coalesce(known.energy_mwh, 0) as difference_mwh,
        coalesce(known.state, 'not_sent') as state,
        -- Acknowledged under another SIREN or unit than now.
        coalesce(computed.siren <> known.siren or computed.code <> known.code, false) as is_moved
    from computed
    full join known
        on
            computed.period = known.period
            and computed.id_station_itinerance = known.id_station_itinerance
)

select
    period,
    id_station_itinerance,
    siren,
    entity,
    code,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh,
    state,
    is_moved,
    state <> 'locked' and (difference_mwh <> 0 or is_moved or state = 'uncertain') as can_be_sent
from compared
