-- The energy of each station. Summed per charge point first, so that the join reads fewer rows.
with

charge_point_sums as (
    select
        charge_point_version_id,
        sum(cast(cast(energy_kwh as text) as numeric)) as energy_kwh,
        count(*) as sessions
    from {flagged_sessions}
    where not is_rejected
    group by charge_point_version_id
)

select
    charge_points.siren,
    charge_points.amenageur_name,
    charge_points.operational_unit_code,
    charge_points.id_station_itinerance,
    cast(round(sum(charge_point_sums.energy_kwh) * 0.001, 6) as numeric(18, 6)) as energy_mwh,
    cast(sum(charge_point_sums.sessions) as bigint) as sessions
from charge_point_sums
inner join {schema}.charge_points
    on charge_point_sums.charge_point_version_id = charge_points.charge_point_version_id
where charge_points.blocking_reason is null
group by
    charge_points.siren,
    charge_points.amenageur_name,
    charge_points.operational_unit_code,
    charge_points.id_station_itinerance
