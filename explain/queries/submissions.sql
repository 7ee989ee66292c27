-- Every sending of the month that credits the SIREN, or carries a station that is now the SIREN's.
select
    request_id,
    to_json(sent_at) #>> '{}' as sent_at,
    to_json(answered_at) #>> '{}' as answered_at,
    id_station_itinerance,
    code,
    siren,
    entity,
    energy_mwh,
    outcome,
    reason,
    is_locked
from station_submissions
where
    period = %(period)s
    and (
        siren = %(siren)s
        or id_station_itinerance in (
            select id_station_itinerance from station_energy_changes
            where period = %(period)s and siren = %(siren)s
        )
    )
order by request_id, id_station_itinerance
