{{ config(severity='warn') }}

-- Only a warning: if QualiCharge renames a station, its past months keep the old identifier.

{%- set months = checked_months() %}

select
    energy.period,
    energy.id_station_itinerance
from {{ ref('station_energy_monthly') }} as energy
left join {{ ref('stg_qualicharge__stations') }} as stations
    on energy.id_station_itinerance = stations.id_station_itinerance
where {{ period_in('energy.period', months) }} and stations.id_station_itinerance is null
