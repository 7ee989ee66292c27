{{ config(materialized='replaced_by_period') }}

with

sessions as (
    select * from {{ ref('sessions_clean') }}
    where period = {{ period_date() }}
)

select
    period,
    blocking_reason,
    entity,
    siren,
    code,
    id_station_itinerance,
    count(*) as sessions,
    {{ mwh('sum(booked_energy_kwh)') }} as energy_mwh,
    {{ computed_at() }} as computed_at
from sessions
where blocking_reason is not null
group by
    period, blocking_reason, entity, siren, code, id_station_itinerance
