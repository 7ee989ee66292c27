-- The energies that are made here have three decimals, as those of QualiCharge have.
with

sums as (
    select
        charge_point_id,
        sum(cast(energy_kwh as decimal(18, 3))) as energy_kwh,
        count(*) as sessions
    from flags
    where not is_rejected
    group by charge_point_id
)

select
    charge_points.siren,
    charge_points.entity,
    charge_points.code,
    charge_points.id_station_itinerance,
    cast(sum(sums.energy_kwh) * 0.001 as decimal(18, 6)) as energy_mwh,
    sum(sums.sessions) as sessions
from sums
inner join charge_points on sums.charge_point_id = charge_points.id
where charge_points.blocking_reason is null
group by
    charge_points.siren,
    charge_points.entity,
    charge_points.code,
    charge_points.id_station_itinerance
