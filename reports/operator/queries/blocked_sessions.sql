-- Clean sessions that cannot be sent, with the reason.
select
    sessions.session_id,
    sessions.blocking_reason,
    coalesce(labels.title, sessions.blocking_reason) as title,
    labels.explanation,
    sessions.id_pdc_itinerance,
    sessions.id_station_itinerance,
    sessions.operational_unit_code,
    sessions.amenageur_name,
    to_json(sessions.started_at) #>> '{}' as started_at,
    to_json(sessions.ended_at) #>> '{}' as ended_at,
    to_json(sessions.received_at) #>> '{}' as received_at,
    sessions.energy_kwh,
    sessions.booked_energy_kwh
from sessions_flagged as sessions
left join reason_labels as labels
    on sessions.period = labels.period and sessions.blocking_reason = labels.reason
where
    sessions.period = %(period)s
    and sessions.siren = %(siren)s
    and not sessions.is_rejected
    and sessions.blocking_reason is not null
order by
    sessions.id_pdc_itinerance, sessions.started_at, sessions.ended_at, sessions.received_at,
    sessions.session_id
