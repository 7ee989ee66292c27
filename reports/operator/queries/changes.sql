-- What changed since the first acknowledgement, station by station, for the SIREN that was credited first
-- or is credited now.
select
    id_station_itinerance,
    siren,
    to_json(first_acknowledged_at) #>> '{}' as first_acknowledged_at,
    first_mwh,
    computed_mwh,
    computed_siren,
    coalesce(labels.title, acknowledged_changes.not_sendable_because) as status,
    acknowledged_changes.title as cause,
    sessions,
    change_mwh,
    value_before,
    value_after,
    to_json(changed_at) #>> '{}' as changed_at
from acknowledged_changes
left join reason_labels as labels
    on
        acknowledged_changes.period = labels.period
        and acknowledged_changes.not_sendable_because = labels.reason
where
    acknowledged_changes.period = %(period)s
    and %(siren)s in (siren, computed_siren)
order by abs(computed_mwh - first_mwh) desc, id_station_itinerance, cause
