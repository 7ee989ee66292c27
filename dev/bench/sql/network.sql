-- 600 owners with one or two operational units each, stations, and charge points.

-- Draws a pseudo-random number from 0 to 1 that depends only on the arguments.
create function draw(number bigint, seed bigint) returns double precision
language sql immutable parallel safe
return (hashint8extended(number, seed) & 16777215) / cast(16777216 as double precision);

create function power_kw(charge_point bigint) returns double precision
language sql immutable parallel safe
return (array[7.4, 22, 22, 22, 50, 150, 300])[1 + mod(charge_point, 7)];

insert into amenageur (id, nom_amenageur, siren_amenageur)
select
    cast(md5('owner ' || number) as uuid),
    'Opérateur ' || number,
    siren
from unnest(%(sirens)s) with ordinality as owners (siren, number);

insert into amenageur (id, nom_amenageur, siren_amenageur)
values
    (cast(md5('no_siren') as uuid), 'Sans SIREN', null),
    (cast(md5('invalid_siren') as uuid), 'SIREN de zéros', '000000000'),
    (cast(md5('no_name') as uuid), ' ', '199999996');

-- Each owner has the unit of its own number. The first 300 owners have a second one.
insert into operationalunit (id, code, name, type)
select
    cast(md5('unit ' || number) as uuid),
    'FR' || lpad(upper(to_hex(number)), 3, '0'),
    'Réseau ' || number,
    'CHARGING'
from generate_series(1, 900) as number;

-- For each blocking reason, about one station in two hundred is blocked.
insert into _station (id, id_station_itinerance, amenageur_id, operational_unit_id)
with

owned as (
    select
        number,
        1 + mod(number, 600) as owner
    from generate_series(1, %(stations)s) as number
),

in_units as (
    select
        *,
        owner + case when owner <= 300 and mod(number / 600, 2) = 1 then 600 else 0 end as unit
    from owned
)

select
    cast(md5('station ' || in_units.number) as uuid),
    operationalunit.code
    || case when mod(in_units.number, 199) = 0 then 'p' else 'P' end
    || 'X' || in_units.number,
    case
        when mod(in_units.number, 211) = 0 then null
        when mod(in_units.number, 223) = 0 then cast(md5('no_siren') as uuid)
        when mod(in_units.number, 227) = 0 then cast(md5('invalid_siren') as uuid)
        when mod(in_units.number, 229) = 0 then cast(md5('no_name') as uuid)
        else cast(md5('owner ' || in_units.owner) as uuid)
    end,
    case
        when mod(in_units.number, 233) = 0 then null
        when mod(in_units.number, 239) = 0
            then cast(md5('unit ' || 1 + mod(in_units.unit, 900)) as uuid)
        else operationalunit.id
    end
from in_units
inner join operationalunit
    on operationalunit.id = cast(md5('unit ' || in_units.unit) as uuid);

insert into _pointdecharge (
    id,
    id_pdc_itinerance,
    puissance_nominale,
    prise_type_combo_ccs,
    prise_type_chademo,
    station_id
)
select
    cast(md5('charge point ' || number) as uuid),
    'FRXXXEX' || number,
    power_kw(number),
    power_kw(number) >= 50,
    false,
    case
        when mod(number, 1009) > 0 then cast(md5('station ' || 1 + mod(number, %(stations)s)) as uuid)
    end
from generate_series(0, %(charge_points)s - 1) as number;

-- Partitions take the place of TimescaleDB's chunks, so that a build reads only its own month.
-- Foreign keys are omitted: `like` does not copy them, and the generated rows satisfy them.
alter table session rename to unpartitioned_session;
create table session (like unpartitioned_session including all) partition by range (start);
drop table unpartitioned_session;

analyze;
