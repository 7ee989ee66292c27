{{ config(severity='warn') }}

-- No station delivers more in a month than its charge points can at full power all month, plus the
-- tolerance of `enea`. A mix-up of kWh and MWh would be off by a factor of 1,000. Only a warning: a
-- session of many months on a plug of little power may exceed the limit, and no rule rejects it.

{%- set months = checked_months() %}

with

stations as (
    select
        id_station_itinerance,
        sum(greatest({{ usable_power_kw('max_power_kw') }}, 0)) as max_power_kw
    from {{ ref('int_charge_point_history') }}
    where is_current and blocking_reason is null
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
    -- Only months of this run, because charge points are the current ones.
    {{ period_in('energy.period', months) }}
    and energy.energy_mwh * 1000 > {{ limit('enea_ratio', months | last) }} * stations.max_power_kw
    * 24 * (energy.period_end - energy.period_start + 1)
