with

computed as (
    select * from {{ ref('station_energy_monthly') }}
),

known as (
    select * from {{ ref('stg_ledger__station_status') }}
),

compared as (
    select
        computed.energy_mwh as computed_mwh,
        known.energy_mwh as acknowledged_mwh,
        coalesce(computed.period, known.period) as period,
        coalesce(computed.id_station_itinerance, known.id_station_itinerance)
            as id_station_itinerance,
        coalesce(computed.siren, known.last_siren, known.siren) as siren,
        coalesce(computed.amenageur_name, known.last_amenageur_name, known.amenageur_name) as amenageur_name,
        coalesce(computed.operational_unit_code, known.last_operational_unit_code, known.operational_unit_code) as operational_unit_code,
        coalesce(computed.energy_mwh, 0) - coalesce(known.energy_mwh, 0) as difference_mwh,
        coalesce(known.status, 'not_sent') as status,
        -- Acknowledged under another SIREN or unit than now.
        coalesce(computed.siren <> known.siren or computed.operational_unit_code <> known.operational_unit_code, false) as is_moved
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
    amenageur_name,
    operational_unit_code,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh,
    status,
    is_moved,
    status <> 'locked' and (difference_mwh <> 0 or is_moved or status = 'uncertain') as can_be_sent
from compared
