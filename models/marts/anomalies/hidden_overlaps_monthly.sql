{{ config(materialized='monthly_replace') }}

with

energy as (
    select
        *,
        -- Whether no other rule rejects these sessions.
        coalesce(rejection_reasons, '{}') <@ array['hidden_overlap'] as is_decisive
    from {{ ref('int_energy_daily') }}
    where
        period = {{ period_date() }}
        and 'hidden_overlap' = any(broken_rules)
        and blocking_reason is null
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }} and blocking_reason is null
)

select
    energy.period,
    stations.siren,
    max(stations.amenageur_name) as amenageur_name,
    cast(sum(energy.sessions) as bigint) as hidden_overlap_sessions,
    coalesce(cast(sum(energy.sessions) filter (where energy.is_decisive) as bigint), 0)
        as decisive_sessions,
    {{ mwh('coalesce(sum(energy.energy_kwh) filter (where energy.is_decisive), 0)') }}
        as decisive_mwh,
    count(distinct stations.id_station_itinerance) filter (where energy.is_decisive)
        as decisive_stations,
    {{ computed_at() }} as computed_at
from energy
inner join stations on energy.station_id = stations.station_id
group by energy.period, stations.siren
