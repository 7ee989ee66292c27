-- Added up by charge point before anything is joined.
with

sums as (
    select
        charge_point_version_id,
        sum(cast(cast(energy_kwh as text) as numeric)) as energy_kwh,
        count(*) as sessions
    from {flagged}
    where not is_rejected
    group by charge_point_version_id
)

select
    charge_points.siren,
    charge_points.entity,
    charge_points.code,
    charge_points.id_station_itinerance,
    cast(round(sum(sums.energy_kwh) * 0.001, 6) as numeric(18, 6)) as energy_mwh,
    cast(sum(sums.sessions) as bigint) as sessions
from sums
inner join {schema}.charge_points
    on sums.charge_point_version_id = charge_points.charge_point_version_id
where charge_points.blocking_reason is null
group by
    charge_points.siren,
    charge_points.entity,
    charge_points.code,
    charge_points.id_station_itinerance
