-- No station delivers more in a month than its plugs can at full power from its first to its last
-- instant, with the tolerance of `enea`: kWh taken for MWh would be a thousand times too much.

with

stations as (
    select
        id_station_itinerance,
        sum(max_power_kw) as max_power_kw
    from {{ ref('int_charge_points') }}
    group by id_station_itinerance
)

select
    energy.period,
    energy.id_station_itinerance,
    energy.energy_mwh,
    stations.max_power_kw
from {{ ref('station_energy_monthly') }} as energy
inner join stations on energy.id_station_itinerance = stations.id_station_itinerance
where
    -- Plugs are those of today: older months may have had others.
    energy.computed_at = (select max(computed_at) from {{ ref('station_energy_monthly') }})
    and energy.energy_mwh * 1000 > {{ var('enea_ratio') }} * stations.max_power_kw
    * 24 * (energy.period_end - energy.period_start + 1)
