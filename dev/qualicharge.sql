-- The tables of QualiCharge's API database that the models read, reduced to the columns they use.
create table amenageur (
    id uuid primary key,
    nom_amenageur varchar,
    siren_amenageur varchar,
    contact_amenageur varchar,
    unique (nom_amenageur, siren_amenageur, contact_amenageur)
);

create table operationalunit (
    id uuid primary key,
    code varchar not null unique,
    name varchar not null,
    type varchar not null
);

create table _station (
    id uuid primary key,
    id_station_itinerance varchar not null unique,
    nom_station varchar,
    amenageur_id uuid references amenageur (id),
    operational_unit_id uuid references operationalunit (id),
    deleted_at timestamptz
);

create table _pointdecharge (
    id uuid primary key,
    id_pdc_itinerance varchar not null unique,
    puissance_nominale double precision not null,
    prise_type_combo_ccs boolean not null,
    prise_type_chademo boolean not null,
    station_id uuid references _station (id),
    deleted_at timestamptz
);

create table session (
    id uuid not null,
    start timestamptz not null,
    "end" timestamptz not null,
    energy double precision not null,
    point_de_charge_id uuid references _pointdecharge (id),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (id, start)
);

-- There is none on `start`: the platform has dropped the one that TimescaleDB creates.
create index on session (point_de_charge_id);
