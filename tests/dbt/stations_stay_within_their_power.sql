-- No station delivers more in a month than its charge points can at full power all month, plus the
-- tolerance of `enea`. A mix-up of kWh and MWh would be off by a factor of 1,000.

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
    -- Only the last run, because charge points are the current ones.
    energy.computed_at = (select max(computed_at) from {{ ref('station_energy_monthly') }})
    and energy.energy_mwh * 1000 > {{ var('enea_ratio') }} * stations.max_power_kw
    * 24 * (energy.period_end - energy.period_start + 1)
