{{ config(severity='warn') }}

-- No station delivers more in a month than its charge points can at full power all month, plus the
-- tolerance of `enea`. A mix-up of kWh and MWh would be off by a factor of 1,000. Only a warning: a
-- session of many months on a plug of little power may exceed the limit, and no rule rejects it.

{%- set months = checked_months() %}

with

stations as (
    select
        stations.period,
        stations.id_station_itinerance,
        sum(greatest({{ usable_power_kw('charge_points.max_power_kw') }}, 0)) as max_power_kw
    from {{ ref('int_charge_points') }} as charge_points
    inner join {{ ref('int_stations') }} as stations
        on
            charge_points.period = stations.period
            and charge_points.station_id = stations.station_id
    where {{ period_in('stations.period', months) }}
    group by stations.period, stations.id_station_itinerance
)

select
    energy.period,
    energy.id_station_itinerance,
    energy.energy_mwh,
    stations.max_power_kw
from {{ ref('station_energy_monthly') }} as energy
inner join stations
    on
        energy.period = stations.period
        and energy.id_station_itinerance = stations.id_station_itinerance
where
    {{ period_in('energy.period', months) }}
    and energy.energy_mwh * 1000 > {{ limit('enea_ratio', months | last) }} * stations.max_power_kw
    * 24 * (energy.period_end - energy.period_start + 1)
