-- One row per station in the mart or the ledger, with the energy that CARBURE should have for the month
-- and the action needed.
with mart as (
    select * from station_energy_monthly
    where period = %(period)s
),

ledger as (
    select
        station_status.*,
        response.responded_at as uncertain_since
    from station_status
    left join response on station_status.uncertain_request_id = response.request_id
    where station_status.period = %(period)s
),

entities as (
    select * from unnest(cast(%(sirens)s as text[]), cast(%(entity_ids)s as integer[])) as entities (siren, entity_id)
),

stations as (
    select
        id_station_itinerance,
        coalesce(mart.amenageur_name, ledger.last_amenageur_name) as amenageur_name,
        coalesce(mart.siren, ledger.last_siren) as siren,
        coalesce(mart.operational_unit_code, ledger.last_operational_unit_code) as operational_unit_code,
        -- CARBURE deletes nothing: a station that is no longer in the mart is corrected to 0.
        coalesce(mart.energy_mwh, 0) as energy_mwh,
        coalesce(mart.is_controlled, false) as is_controlled,
        mart.period is null as is_removed,
        ledger.status,
        ledger.siren as acknowledged_siren,
        ledger.operational_unit_code as acknowledged_operational_unit_code,
        ledger.energy_mwh as acknowledged_mwh,
        ledger.is_known_entity,
        ledger.entity_id as acknowledged_entity_id,
        ledger.possible_mwh,
        case when ledger.status = 'uncertain' then ledger.uncertain_since end as uncertain_since
    from mart
    full join ledger using (id_station_itinerance)
),

compared as (
    select
        *,
        -- If CARBURE has nothing, 0 is not a difference.
        energy_mwh <> coalesce(acknowledged_mwh, 0) as has_other_energy,
        siren <> acknowledged_siren or operational_unit_code <> acknowledged_operational_unit_code as is_moved,
        -- Nobody knows whom CARBURE credited for an adopted request, so it is sent again once.
        coalesce(
            acknowledged_mwh is not null and acknowledged_entity_id is distinct from entities.entity_id
            and entities.entity_id is not null,
            false
        ) as has_other_entity,
        coalesce(
            %(are_entities_known)s and siren = acknowledged_siren and is_known_entity and entities.entity_id is null,
            false
        ) as would_detach
    from stations
    left join entities using (siren)
)

select
    amenageur_name,
    siren,
    -- The previous flow may have sent another unit, which this sender refuses. CARBURE's row is found without it.
    case when is_removed then left(id_station_itinerance, 5) else operational_unit_code end as operational_unit_code,
    id_station_itinerance,
    energy_mwh,
    is_controlled,
    acknowledged_siren,
    acknowledged_mwh,
    uncertain_since,
    possible_mwh,
    has_other_entity,
    would_detach,
    case
        when status = 'locked' then case when has_other_energy or is_moved then 'locked' else 'unchanged' end
        when status = 'uncertain' then 'repeated'
        when has_other_energy and acknowledged_mwh is null then 'new'
        when acknowledged_mwh is null then 'no_energy'
        when has_other_energy and is_removed then 'corrected'
        when has_other_energy then 'changed'
        when is_moved and not is_removed then 'corrected'
        when has_other_entity then 'repeated'
        when %(force)s then 'repeated'
        else 'unchanged'
    end as action
from compared
-- A station that is no longer in the mart and that CARBURE never stored has no SIREN.
where siren is not null
order by siren, amenageur_name, operational_unit_code, id_station_itinerance
