{#
    Which entity CARBURE credited. Null for earlier requests: `is_known_entity` may be wrong for them.
    Throttled requests have an outcome of their own. A locked station that CARBURE never acknowledged has the only energy
    that it can have.
#}
{% macro ledger_migration_4() %}
alter table request add column entity_id integer;
comment on column request.entity_id is 'Identifier of the entity that CARBURE credits for the SIREN; null if it credited none, for adopted requests, and for requests before version 4.';
comment on column request.is_known_entity is 'Whether CARBURE knew the SIREN. Before version 4, also if it was disabled, of another type or ambiguous.';

alter table response drop constraint answer_outcome_check;
alter table response add constraint response_outcome_check
    check (outcome in ('accepted', 'refused', 'uncertain', 'throttled'));
comment on table response is 'Outcome of a request. Only an empty 201 counts as accepted. Throttled: CARBURE did not read it.';

create or replace view station_status as
with sent as (
    select
        request.period,
        request_station.id_station_itinerance,
        request.request_id,
        coalesce(response.outcome, 'uncertain') as outcome,
        coalesce(refusal.is_locked, false) as is_locked
    from request
    inner join request_station on request.request_id = request_station.request_id
    left join response on request.request_id = response.request_id
    left join refusal
        on
            request.request_id = refusal.request_id
            and request_station.id_station_itinerance = refusal.id_station_itinerance
),

stations as (
    select
        period,
        id_station_itinerance,
        max(request_id) filter (where outcome = 'refused' and is_locked) as locked_request_id,
        max(request_id) filter (where outcome = 'accepted') as acknowledged_request_id,
        max(request_id) filter (where outcome = 'uncertain') as uncertain_request_id,
        -- The last request that CARBURE may have stored. Refused requests are rolled back.
        max(request_id) filter (where outcome <> 'refused') as last_request_id
    from sent
    where outcome <> 'throttled'
    group by period, id_station_itinerance
)

select
    stations.period,
    stations.id_station_itinerance,
    case
        when stations.locked_request_id > coalesce(stations.acknowledged_request_id, 0) then 'locked'
        when stations.uncertain_request_id > coalesce(stations.acknowledged_request_id, 0) then 'uncertain'
        when stations.acknowledged_request_id is not null then 'acknowledged'
        else 'refused'
    end as status,
    coalesce(acknowledged.siren, inferred.siren) as siren,
    coalesce(acknowledged_station.amenageur_name, inferred.amenageur_name) as amenageur_name,
    coalesce(acknowledged_station.operational_unit_code, inferred.operational_unit_code) as operational_unit_code,
    coalesce(acknowledged_station.energy_mwh, inferred.energy_mwh) as energy_mwh,
    acknowledged.is_known_entity,
    last.siren as last_siren,
    last_station.amenageur_name as last_amenageur_name,
    last_station.operational_unit_code as last_operational_unit_code,
    stations.acknowledged_request_id,
    stations.uncertain_request_id,
    stations.last_request_id,
    acknowledged.entity_id,
    acknowledged.is_adopted,
    -- What CARBURE may have instead of the acknowledged energy, if it can no longer be changed.
    case
        when stations.locked_request_id > coalesce(stations.acknowledged_request_id, 0)
            and stations.uncertain_request_id > stations.acknowledged_request_id
            and last_station.energy_mwh <> acknowledged_station.energy_mwh
            then last_station.energy_mwh
    end as possible_mwh
from stations
left join request as acknowledged on stations.acknowledged_request_id = acknowledged.request_id
left join request_station as acknowledged_station
    on
        stations.acknowledged_request_id = acknowledged_station.request_id
        and stations.id_station_itinerance = acknowledged_station.id_station_itinerance
left join request as last on stations.last_request_id = last.request_id
left join request_station as last_station
    on
        stations.last_request_id = last_station.request_id
        and stations.id_station_itinerance = last_station.id_station_itinerance
-- CARBURE has a row of a station that it never acknowledged. If all requests that can have stored it agree, so does it.
left join lateral (
    select
        min(uncertain.siren) as siren,
        min(uncertain_station.amenageur_name) as amenageur_name,
        min(uncertain_station.operational_unit_code) as operational_unit_code,
        cast(min(uncertain_station.energy_mwh) as numeric(18, 6)) as energy_mwh
    from request as uncertain
    inner join request_station as uncertain_station on uncertain.request_id = uncertain_station.request_id
    left join response on uncertain.request_id = response.request_id
    where
        stations.locked_request_id is not null
        and stations.acknowledged_request_id is null
        and coalesce(response.outcome, 'uncertain') = 'uncertain'
        and uncertain.period = stations.period
        and uncertain_station.id_station_itinerance = stations.id_station_itinerance
    having
        count(distinct (uncertain.siren, uncertain_station.operational_unit_code, uncertain_station.energy_mwh)) = 1
) as inferred on true;
{% endmacro %}
