{{ config(materialized='monthly_replace') }}

with

counted as (
    select * from {{ ref('int_charge_point_sessions') }}
    where period = {{ period_date() }}
),

sessions as (
    select * from {{ ref('int_session_flags') }}
    where period = {{ period_date() }} and is_rejected
),

-- Read twice: materializing them would take longer than reading them again.
charge_points as not materialized (
    select * from {{ ref('int_charge_points') }}
    where period = {{ period_date() }}
),

stations as (
    select * from {{ ref('int_stations') }}
    where period = {{ period_date() }}
),

anomalous as (
    select
        *,
        round(rejected_sessions / cast(sessions as numeric), 4) as rejected_share
    from counted
    where
        sessions >= {{ var('anomalous_min_sessions') }}
        and rejected_sessions >= sessions * {{ var('anomalous_min_rejected_share') }}
),

rejected as (
    select
        sessions.charge_point_id,
        'negs' = any(sessions.broken_rules) as negs,
        'enea' = any(sessions.broken_rules) as enea,
        'duplicate' = any(sessions.broken_rules) as duplicate,
        {{ booked_energy_kwh('sessions.energy_kwh') }} as booked_energy_kwh,
        sessions.energy_kwh,
        {{ max_energy_kwh(stored_duration_hours('sessions'), 'charge_points.max_power_kw') }}
            as max_energy_kwh
    from sessions
    inner join charge_points
        on sessions.charge_point_id = charge_points.charge_point_id
),

compared as (
    select
        *,
        -- A multiple of the maximum energy, capped so that it stays in the range of its type.
        case
            when not enea or max_energy_kwh <= 0 then null
            when max_energy_kwh >= 1 or energy_kwh < max_energy_kwh * 1e300
                then energy_kwh / max_energy_kwh
            else 1e300
        end as excess
    from rejected
),

evidence as (
    select
        charge_point_id,
        sum(booked_energy_kwh) as rejected_kwh,
        percentile_cont(0.5) within group (order by excess) as median_excess,
        count(*) filter (where duplicate) as sent_twice,
        count(*) filter (where negs) as clock_offset,
        -- Wh sent as kWh: 1,000 times an energy between 5 % and 110 % of the maximum.
        count(*) filter (where excess between 50 and 1100) as energy_in_wh,
        count(*) filter (where excess < 50) as power_too_low
    from compared
    group by charge_point_id
),

explained as (
    select
        anomalous.*,
        evidence.rejected_kwh,
        cast(round(cast(evidence.median_excess as numeric), 2) as dec) as median_excess,
        -- A cause must explain more than half of the rejected sessions.
        case
            when evidence.sent_twice * 2 > anomalous.rejected_sessions then 'sent_twice'
            when evidence.clock_offset * 2 > anomalous.rejected_sessions then 'clock_offset'
            when evidence.energy_in_wh * 2 > anomalous.rejected_sessions then 'energy_in_wh'
            when evidence.power_too_low * 2 > anomalous.rejected_sessions then 'power_too_low'
        end as likely_cause
    from anomalous
    inner join evidence
        on anomalous.charge_point_id = evidence.charge_point_id
)

select
    {{ period_date() }} as period,
    cast(row_number() over (
        order by
            explained.rejected_share desc,
            explained.rejected_sessions desc,
            charge_points.id_pdc_itinerance asc
    ) as integer) as rank,
    charge_points.id_pdc_itinerance,
    stations.id_station_itinerance,
    stations.operational_unit_code,
    stations.siren,
    stations.amenageur_name,
    charge_points.max_power_kw,
    explained.sessions,
    explained.rejected_sessions,
    explained.rejected_share,
    explained.rejected_kwh,
    explained.median_excess,
    explained.likely_cause,
    {{ computed_at() }} as computed_at
from explained
inner join charge_points
    on explained.charge_point_id = charge_points.charge_point_id
left join stations on charge_points.station_id = stations.station_id
