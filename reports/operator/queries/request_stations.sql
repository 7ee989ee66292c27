-- Stations in the month's requests: those credited to the SIREN, and those that belong to it now.
select
    request_id,
    to_json(sent_at) #>> '{}' as sent_at,
    to_json(responded_at) #>> '{}' as responded_at,
    id_station_itinerance,
    operational_unit_code,
    siren,
    amenageur_name,
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
