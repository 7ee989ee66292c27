-- What a month needs: each station of the mart or of the ledger, what CARBURE is to have of it, and
-- what has to be done for that.
with mart as (
    select * from station_energy_monthly
    where period = %(period)s
),

known as (
    select
        station_state.*,
        answer.answered_at as uncertain_since
    from station_state
    left join answer on station_state.uncertain_request_id = answer.request_id
    where station_state.period = %(period)s
),

wanted as (
    select
        id_station_itinerance,
        coalesce(mart.entity, known.last_entity) as entity,
        coalesce(mart.siren, known.last_siren) as siren,
        coalesce(mart.code, known.last_code) as code,
        -- A station that is no longer in the mart can only be taken back by sending 0.
        coalesce(mart.energy_mwh, 0) as energy_mwh,
        coalesce(mart.is_controlled, false) as is_controlled,
        mart.period is null as is_gone,
        known.state,
        known.siren as acknowledged_siren,
        known.code as acknowledged_code,
        known.energy_mwh as acknowledged_mwh,
        known.is_registered,
        case when known.state = 'uncertain' then known.uncertain_since end as uncertain_since
    from mart
    full join known using (id_station_itinerance)
),

compared as (
    select
        *,
        -- Where CARBURE has nothing, 0 is no difference.
        energy_mwh <> coalesce(acknowledged_mwh, 0) as is_other_energy,
        siren <> acknowledged_siren or code <> acknowledged_code as is_moved
    from wanted
)

select
    entity,
    siren,
    code,
    id_station_itinerance,
    energy_mwh,
    is_controlled,
    acknowledged_siren,
    acknowledged_mwh,
    uncertain_since,
    case
        when state = 'locked' then case when is_other_energy or is_moved then 'locked' else 'unchanged' end
        when state = 'uncertain' then 'repeated'
        when is_other_energy and acknowledged_mwh is null then 'new'
        when is_other_energy and is_gone then 'corrected'
        when is_other_energy then 'changed'
        when is_moved and not is_gone then 'corrected'
        when not is_registered and siren = any(%(registered)s) then 'repeated'
        when %(force)s and acknowledged_mwh is not null and not is_gone then 'repeated'
        else 'unchanged'
    end as action
from compared
-- A station that is gone and was never stored has no SIREN, and nothing to be done.
where siren is not null
order by siren, entity, code, id_station_itinerance
