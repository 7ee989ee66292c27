-- Rejected sessions, the rules that reject them, and the values that these rules compare.
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
        duplicate,
        overlap,
        invalid_time,
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
        -- A session with an invalid time is compared with no other.
        partition by id_pdc_itinerance, invalid_time
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
            and not earlier.invalid_time
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

rule_texts as (
    select
        combinations.rejection_reasons,
        string_agg(labels.title, ', ' order by labels.display_order) as titles,
        string_agg(labels.explanation, ' ' order by labels.display_order) as explanations
    from (select distinct rejection_reasons from rejected) as combinations
    inner join reason_labels as labels
        on labels.period = %(period)s and labels.reason = any(combinations.rejection_reasons)
    group by combinations.rejection_reasons
)

select
    rejected.session_id,
    rejected.rejection_reasons,
    rule_texts.titles,
    rule_texts.explanations,
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
left join rule_texts on rejected.rejection_reasons = rule_texts.rejection_reasons
left join hiding
    on rejected.session_id = hiding.session_id and rejected.started_at = hiding.started_at
order by
    rejected.id_pdc_itinerance, rejected.started_at, rejected.ended_at, rejected.received_at,
    rejected.session_id
