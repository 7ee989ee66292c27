-- Rejected sessions, with the figures that their rules compared. Figures of other rules are null.
with charge_points as (
    select distinct id_pdc_itinerance
    from sessions_flagged
    where period = %(period)s and siren = %(siren)s
),

-- Select by charge point, because it may have had another SIREN in the previous month.
ordered_sessions as (
    select
        session_id,
        period,
        id_pdc_itinerance,
        id_station_itinerance,
        operational_unit_code,
        siren,
        started_at,
        ended_at,
        received_at,
        duration_hours,
        energy_kwh,
        booked_energy_kwh,
        max_power_kw,
        max_energy_kwh,
        negs,
        eneu,
        enea,
        odus,
        enex,
        duplicate,
        overlap,
        is_rejected,
        rejection_reasons,
        lag(session_id) over charge_point as previous_session_id,
        lag(started_at) over charge_point as previous_started_at,
        lag(ended_at) over charge_point as previous_ended_at,
        lag(received_at) over charge_point as previous_received_at
    from sessions_flagged
    where
        period in (%(period)s, cast(%(period)s - interval '1 month' as date))
        and id_pdc_itinerance in (select id_pdc_itinerance from charge_points)
    window charge_point as (
        partition by id_pdc_itinerance
        order by started_at, ended_at, received_at, session_id
    )
),

rejected as (
    select
        *,
        -- The previous month may have been rebuilt after this one. Show the previous session only
        -- if it still explains the flag.
        (
            duplicate and started_at = previous_started_at and ended_at = previous_ended_at
            or overlap and started_at < previous_ended_at
        ) is true as explains_flag
    from ordered_sessions
    where period = %(period)s and siren = %(siren)s and is_rejected
),

-- A hidden overlap may start during several earlier sessions. Take the latest of them, because it is
-- within the rule's look-back if any of them is.
hiding as (
    select distinct on (rejected.session_id, rejected.started_at)
        rejected.session_id,
        rejected.started_at,
        earlier.session_id as hiding_session_id,
        earlier.started_at as hiding_started_at,
        earlier.ended_at as hiding_ended_at,
        earlier.received_at as hiding_received_at
    from rejected
    inner join ordered_sessions as earlier
        on
            rejected.id_pdc_itinerance = earlier.id_pdc_itinerance
            and rejected.started_at < earlier.ended_at
            and (
                rejected.started_at, rejected.ended_at, rejected.received_at, rejected.session_id
            ) > (earlier.started_at, earlier.ended_at, earlier.received_at, earlier.session_id)
    where 'hidden_overlap' = any(rejected.rejection_reasons)
    order by
        rejected.session_id,
        rejected.started_at,
        earlier.started_at desc,
        earlier.ended_at desc,
        earlier.received_at desc,
        earlier.session_id desc
),

thresholds as (
    select
        max(energy_limit_kwh) filter (where reason = 'eneu') as eneu_limit_kwh,
        max(energy_limit_kwh) filter (where reason = 'odus') as odus_limit_kwh,
        max(energy_limit_kwh) filter (where reason = 'enex') as enex_limit_kwh,
        max(max_energy_ratio) filter (where reason = 'enea') as enea_ratio,
        max(max_energy_ratio) filter (where reason = 'enex') as enex_ratio
    from reason_labels as labels
)

select
    rejected.session_id,
    rejected.rejection_reasons,
    (
        select string_agg(labels.title, ', ' order by labels.display_order)
        from reason_labels as labels
        where labels.reason = any(rejected.rejection_reasons)
    ) as titles,
    rejected.id_pdc_itinerance,
    rejected.id_station_itinerance,
    rejected.operational_unit_code,
    to_json(rejected.started_at) #>> '{}' as started_at,
    to_json(rejected.ended_at) #>> '{}' as ended_at,
    to_json(rejected.received_at) #>> '{}' as received_at,
    rejected.duration_hours,
    rejected.energy_kwh,
    rejected.booked_energy_kwh,
    rejected.max_power_kw,
    rejected.max_energy_kwh,
    case when rejected.eneu then thresholds.eneu_limit_kwh end as eneu_limit_kwh,
    case when rejected.enea then rejected.max_energy_kwh * thresholds.enea_ratio end
        as enea_limit_kwh,
    case when rejected.odus then thresholds.odus_limit_kwh end as odus_limit_kwh,
    case when rejected.enex then thresholds.enex_limit_kwh end as enex_limit_kwh,
    case when rejected.enex then rejected.max_energy_kwh * thresholds.enex_ratio end
        as enex_power_limit_kwh,
    case when rejected.explains_flag then rejected.previous_session_id end as previous_session_id,
    case when rejected.explains_flag then to_json(rejected.previous_started_at) #>> '{}' end
        as previous_started_at,
    case when rejected.explains_flag then to_json(rejected.previous_ended_at) #>> '{}' end
        as previous_ended_at,
    case when rejected.explains_flag then to_json(rejected.previous_received_at) #>> '{}' end
        as previous_received_at,
    hiding.hiding_session_id,
    to_json(hiding.hiding_started_at) #>> '{}' as hiding_started_at,
    to_json(hiding.hiding_ended_at) #>> '{}' as hiding_ended_at,
    to_json(hiding.hiding_received_at) #>> '{}' as hiding_received_at
from rejected
cross join thresholds
left join hiding
    on rejected.session_id = hiding.session_id and rejected.started_at = hiding.started_at
order by
    rejected.id_pdc_itinerance, rejected.started_at, rejected.ended_at, rejected.received_at,
    rejected.session_id
