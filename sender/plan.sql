-- What a month needs: each station of the mart or of the ledger, what CARBURE is to have of it, and
-- what has to be done for that.
with mart as (
    select * from station_energy_monthly
    where period = %(period)s
),

known as (
    select
        station_status.*,
        response.responded_at as uncertain_since
    from station_status
    left join response on station_status.uncertain_request_id = response.request_id
    where station_status.period = %(period)s
),

wanted as (
    select
        id_station_itinerance,
        coalesce(mart.amenageur_name, known.last_amenageur_name) as amenageur_name,
        coalesce(mart.siren, known.last_siren) as siren,
        coalesce(mart.operational_unit_code, known.last_operational_unit_code) as operational_unit_code,
        -- A station that is no longer in the mart can only be taken back by sending 0.
        coalesce(mart.energy_mwh, 0) as energy_mwh,
        coalesce(mart.is_controlled, false) as is_controlled,
        mart.period is null as is_gone,
        known.status,
        known.siren as acknowledged_siren,
        known.operational_unit_code as acknowledged_operational_unit_code,
        known.energy_mwh as acknowledged_mwh,
        known.is_known_entity,
        case when known.status = 'uncertain' then known.uncertain_since end as uncertain_since
    from mart
    full join known using (id_station_itinerance)
),

compared as (
    select
        *,
        -- Where CARBURE has nothing, 0 is no difference.
        energy_mwh <> coalesce(acknowledged_mwh, 0) as is_other_energy,
        siren <> acknowledged_siren or operational_unit_code <> acknowledged_operational_unit_code as is_moved
    from wanted
)

select
    amenageur_name,
    siren,
    operational_unit_code,
    id_station_itinerance,
    energy_mwh,
    is_controlled,
    acknowledged_siren,
    acknowledged_mwh,
    uncertain_since,
    case
        when status = 'locked' then case when is_other_energy or is_moved then 'locked' else 'unchanged' end
        when status = 'uncertain' then 'repeated'
        when is_other_energy and acknowledged_mwh is null then 'new'
        when is_other_energy and is_gone then 'corrected'
        when is_other_energy then 'changed'
        when is_moved and not is_gone then 'corrected'
        when not is_known_entity and siren = any(%(known_sirens)s) then 'repeated'
        when %(force)s and acknowledged_mwh is not null and not is_gone then 'repeated'
        else 'unchanged'
    end as action
from compared
-- A station that is gone and was never stored has no SIREN, and nothing to be done.
where siren is not null
order by siren, amenageur_name, operational_unit_code, id_station_itinerance
