{# The first version of the ledger. Migration 2 renames tables and columns. #}
{% macro ledger_migration_1() %}
create table ledger_version (
    version integer primary key,
    created_at timestamptz not null default now()
);

create table request (
    request_id bigint generated always as identity primary key,
    run_id uuid not null,
    period date not null,
    siren text not null,
    is_registered boolean not null,
    stations_at_most integer not null,
    body_sha256 text not null,
    prepared_at timestamptz not null
);

create table request_station (
    request_id bigint not null references request (request_id),
    id_station_itinerance text not null,
    entity text not null,
    code text not null,
    energy_mwh numeric(18, 6) not null,
    is_controlled boolean not null,
    primary key (request_id, id_station_itinerance)
);

create table answer (
    request_id bigint primary key references request (request_id),
    answered_at timestamptz not null,
    outcome text not null check (outcome in ('accepted', 'refused', 'uncertain')),
    status integer,
    body text,
    duration_seconds double precision not null
);

create table refusal (
    request_id bigint not null references request (request_id),
    id_station_itinerance text not null,
    is_locked boolean not null,
    reason text not null,
    primary key (request_id, id_station_itinerance)
);

create index request_period on request (period);

create view station_state as
with sent as (
    select
        request.period,
        request_station.id_station_itinerance,
        request.request_id,
        coalesce(answer.outcome, 'uncertain') as outcome,
        coalesce(refusal.is_locked, false) as is_locked
    from request
    inner join request_station on request.request_id = request_station.request_id
    left join answer on request.request_id = answer.request_id
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
    end as state,
    acknowledged.siren,
    acknowledged_station.entity,
    acknowledged_station.code,
    acknowledged_station.energy_mwh,
    acknowledged.is_registered,
    last.siren as last_siren,
    last_station.entity as last_entity,
    last_station.code as last_code,
    stations.acknowledged_request_id,
    stations.uncertain_request_id,
    stations.last_request_id
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
        and stations.id_station_itinerance = last_station.id_station_itinerance;
{% endmacro %}
