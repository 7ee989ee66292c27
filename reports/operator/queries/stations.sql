-- Energy per station: received, rejected, blocked, computed, and acknowledged by CARBURE. Includes
-- stations without a session whose energy was sent.
with sessions as (
    select
        id_station_itinerance,
        max(operational_unit_code) as operational_unit_code,
        max(amenageur_name) as amenageur_name,
        count(*) as received_sessions,
        count(*) filter (where is_rejected) as rejected_sessions,
        count(*) filter (where not is_rejected) as clean_sessions,
        count(*) filter (where not is_rejected and blocking_reason is not null)
            as blocked_sessions,
        sum(booked_energy_kwh) as received_kwh,
        coalesce(sum(booked_energy_kwh) filter (where is_rejected), 0) as rejected_kwh,
        coalesce(sum(booked_energy_kwh) filter (where not is_rejected), 0) as clean_kwh,
        coalesce(
            sum(booked_energy_kwh) filter (where not is_rejected and blocking_reason is not null), 0
        ) as blocked_kwh
    from sessions_flagged
    where period = %(period)s and siren = %(siren)s
    group by id_station_itinerance
),

changes as (
    select * from station_energy_changes
    where period = %(period)s and siren = %(siren)s
)

select
    id_station_itinerance,
    coalesce(changes.operational_unit_code, sessions.operational_unit_code)
        as operational_unit_code,
    coalesce(changes.amenageur_name, sessions.amenageur_name) as amenageur_name,
    coalesce(sessions.received_sessions, 0) as received_sessions,
    coalesce(sessions.rejected_sessions, 0) as rejected_sessions,
    coalesce(sessions.clean_sessions, 0) as clean_sessions,
    coalesce(sessions.blocked_sessions, 0) as blocked_sessions,
    coalesce(sessions.received_kwh, 0) as received_kwh,
    coalesce(sessions.rejected_kwh, 0) as rejected_kwh,
    coalesce(sessions.clean_kwh, 0) as clean_kwh,
    coalesce(sessions.blocked_kwh, 0) as blocked_kwh,
    changes.computed_mwh,
    changes.acknowledged_mwh,
    changes.difference_mwh,
    case
        when changes.status is not null then changes.status
        when sessions.blocked_sessions > 0 then 'blocked'
        else 'nothing_to_send'
    end as status,
    coalesce(changes.is_moved, false) as is_moved
from sessions
full join changes using (id_station_itinerance)
order by id_station_itinerance
