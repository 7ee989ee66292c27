-- Sessions that are not in what is sent, per station and reasons. A rejected session may be blocked too.
select
    sessions.rejection_reasons || sessions.blocking_reason as reasons,
    sessions.id_station_itinerance,
    sessions.operational_unit_code,
    coalesce(changes.status = 'locked', false) as is_locked,
    count(*) as sessions,
    -- The most that a correction can release: negative energy is invalid, and no session counts with more
    -- than the limit of eneu.
    sum(
        least(
            greatest(sessions.booked_energy_kwh, 0),
            cast(eneu.limits ->> 'eneu_energy_kwh' as numeric)
        )
    ) as energy_kwh
from sessions_flagged as sessions
left join station_energy_changes as changes
    on
        sessions.period = changes.period
        and sessions.id_station_itinerance = changes.id_station_itinerance
left join reason_labels as eneu
    on sessions.period = eneu.period and eneu.reason = 'eneu' and eneu.kind = 'rejection'
where
    sessions.period = %(period)s
    and sessions.siren = %(siren)s
    and (sessions.is_rejected or sessions.blocking_reason is not null)
group by 1, 2, 3, 4
