-- {% macro create_ledger() %}
-- What was sent to CARBURE and what it answered, for ever. The sender and dbt both run this text, to
-- either of which the Jinja lines mean something; names without a schema are in the ledger's own.
-- Rows are added and never changed: what is known of a station is read from all of them.

create table if not exists ledger_version (
    version integer primary key,
    created_at timestamptz not null default now()
);

insert into ledger_version (version) values (1) on conflict do nothing;

create table if not exists request (
    request_id bigint generated always as identity primary key,
    run_id uuid not null,
    period date not null,
    siren text not null,
    is_registered boolean not null,
    stations_at_most integer not null,
    body_sha256 text not null,
    prepared_at timestamptz not null
);

comment on table request is 'One POST, written before it is sent. Without an answer: the run ended before one came.';
comment on column request.run_id is 'The run of the sender that sent it.';
comment on column request.period is 'The month sent, as its first day.';
comment on column request.siren is 'The SIREN credited.';
comment on column request.is_registered is 'Whether CARBURE knew the SIREN: else it stores the stations where only a new request finds them.';
comment on column request.stations_at_most is 'The size of requests that the run was at: the next one begins with it.';
comment on column request.body_sha256 is 'SHA-256 of the body, to the byte.';
comment on column request.prepared_at is 'When it was written here, just before it was sent.';

create table if not exists request_station (
    request_id bigint not null references request (request_id),
    id_station_itinerance text not null,
    entity text not null,
    code text not null,
    energy_mwh numeric(18, 6) not null,
    is_controlled boolean not null,
    primary key (request_id, id_station_itinerance)
);

comment on table request_station is 'The stations of a request, as they were sent.';
comment on column request_station.energy_mwh is 'Energy of the month, in MWh. 0 also takes back what should not have been sent.';

create table if not exists answer (
    request_id bigint primary key references request (request_id),
    answered_at timestamptz not null,
    outcome text not null check (outcome in ('accepted', 'refused', 'uncertain')),
    status integer,
    body text,
    duration_seconds double precision not null
);

comment on table answer is 'What a request came to. Accepted is an empty 201 and nothing else.';
comment on column answer.answered_at is 'When the answer came, or when it was clear that none would.';
comment on column answer.status is 'HTTP status; null where there was no answer.';
comment on column answer.body is 'The answer, cut at 10,000 characters; where there was none, why.';
comment on column answer.duration_seconds is 'From sending to the answer, in seconds.';

create table if not exists refusal (
    request_id bigint not null references request (request_id),
    id_station_itinerance text not null,
    is_locked boolean not null,
    reason text not null,
    primary key (request_id, id_station_itinerance)
);

comment on table refusal is 'The stations that a refusing answer names.';
comment on column refusal.is_locked is 'Whether it is validated on both sides at CARBURE, and so can never change again.';

create index if not exists request_period on request (period);

create or replace view station_state as
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
        -- What CARBURE may have last: a refused request left nothing.
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

comment on view station_state is 'Per month and station, what CARBURE last acknowledged (entity, siren, code, energy in MWh; null where nothing), and the state: acknowledged, uncertain (sent since, without a clear answer), locked, or refused.';
-- {% endmacro %}
