with

computed as (
    select * from {{ ref('station_energy_monthly') }}
),

ledger as (
    select * from {{ ref('stg_ledger__station_status') }}
),

compared as (
    select
        computed.energy_mwh as computed_mwh,
        ledger.energy_mwh as acknowledged_mwh,
        coalesce(computed.period, ledger.period) as period,
        coalesce(computed.id_station_itinerance, ledger.id_station_itinerance)
            as id_station_itinerance,
        coalesce(computed.siren, ledger.last_siren, ledger.siren) as siren,
        coalesce(computed.amenageur_name, ledger.last_amenageur_name, ledger.amenageur_name)
            as amenageur_name,
        coalesce(
            computed.operational_unit_code,
            ledger.last_operational_unit_code,
            ledger.operational_unit_code
        ) as operational_unit_code,
        coalesce(computed.energy_mwh, 0) - coalesce(ledger.energy_mwh, 0) as difference_mwh,
        coalesce(ledger.status, 'not_sent') as status,
        coalesce(
            computed.siren <> ledger.siren
            or computed.operational_unit_code <> ledger.operational_unit_code,
            false
        ) as is_moved,
        -- Only a company that was credited can have validated it.
        case
            when ledger.energy_mwh > 0 then ledger.status = 'locked' or ledger.entity_id is not null
        end as is_credited
    from computed
    full join ledger
        on
            computed.period = ledger.period
            and computed.id_station_itinerance = ledger.id_station_itinerance
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
    is_credited,
    status <> 'locked' and (difference_mwh <> 0 or is_moved or status = 'uncertain') as can_be_sent
from compared
