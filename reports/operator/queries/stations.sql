-- Energy per station: received, rejected, blocked, computed, and acknowledged by CARBURE. Includes
-- stations without a session.
with owned as (
    select
        id_station_itinerance,
        max(operational_unit_code) as operational_unit_code,
        max(amenageur_name) as amenageur_name
    from stations_monthly
    where period = %(period)s and siren = %(siren)s
    group by id_station_itinerance
),

sessions as (
    select
        id_station_itinerance,
        sum(sessions) as received_sessions,
        coalesce(sum(sessions) filter (where is_rejected), 0) as rejected_sessions,
        coalesce(sum(sessions) filter (where not is_rejected), 0) as clean_sessions,
        coalesce(sum(sessions) filter (where not is_rejected and blocking_reason is not null), 0)
            as blocked_sessions,
        sum(energy_kwh) as received_kwh,
        coalesce(sum(energy_kwh) filter (where is_rejected), 0) as rejected_kwh,
        coalesce(sum(energy_kwh) filter (where not is_rejected), 0) as clean_kwh,
        coalesce(sum(energy_kwh) filter (where not is_rejected and blocking_reason is not null), 0)
            as blocked_kwh
    from station_outcomes_monthly
    where period = %(period)s and siren = %(siren)s
    group by id_station_itinerance
),

reasons as (
    select distinct
        id_station_itinerance,
        unnest(rejection_reasons || case when not is_rejected then blocking_reason end) as reason
    from station_outcomes_monthly
    where period = %(period)s and siren = %(siren)s
),

titles as (
    select
        reasons.id_station_itinerance,
        string_agg(labels.title, ', ' order by labels.kind desc, labels.display_order) as titles
    from reasons
    inner join reason_labels as labels
        on labels.period = %(period)s and reasons.reason = labels.reason
    group by reasons.id_station_itinerance
),

changes as (
    select * from station_energy_changes
    where period = %(period)s and siren = %(siren)s
),

counted as (
    select
        id_station_itinerance,
        coalesce(changes.operational_unit_code, owned.operational_unit_code)
            as operational_unit_code,
        coalesce(changes.amenageur_name, owned.amenageur_name) as amenageur_name,
        owned.id_station_itinerance is not null as is_owned,
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
        coalesce(changes.is_moved, false) as is_moved,
        titles.titles
    from owned
    full join sessions using (id_station_itinerance)
    full join changes using (id_station_itinerance)
    left join titles using (id_station_itinerance)
),

explained as (
    select
        *,
        case
            when computed_mwh > 0 then null
            when not is_owned then 'other_owner'
            when received_sessions = 0 then 'no_sessions'
            when rejected_sessions = received_sessions then 'all_rejected'
            when blocked_sessions = received_sessions then 'all_blocked'
            when rejected_sessions + blocked_sessions = received_sessions then 'all_unsent'
            else 'zero_energy'
        end as no_energy_because
    from counted
)

select
    id_station_itinerance,
    operational_unit_code,
    amenageur_name,
    received_sessions,
    rejected_sessions,
    clean_sessions,
    blocked_sessions,
    received_kwh,
    rejected_kwh,
    clean_kwh,
    blocked_kwh,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh,
    status,
    is_moved,
    no_energy_because,
    case when no_energy_because is not null then titles end as no_energy_titles
from explained
order by id_station_itinerance
