{{ config(materialized='replaced_by_period') }}

with

sessions as (
    select * from {{ ref('sessions_clean') }}
    where period = {{ period_date() }}
)

select
    period,
    period as period_start,
    {{ period_last_day() }} as period_end,
    entity,
    siren,
    code,
    id_station_itinerance,
    {{ mwh('sum(booked_energy_kwh)') }} as energy_mwh,
    count(*) as sessions,
    false as is_controlled,
    {{ computed_at() }} as computed_at
from sessions
where blocking_reason is null
group by period, entity, siren, code, id_station_itinerance
