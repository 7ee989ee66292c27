with

requests as (
    select * from {{ ref('stg_ledger__requests') }}
),

request_stations as (
    select * from {{ ref('stg_ledger__request_stations') }}
),

responses as (
    select * from {{ ref('stg_ledger__responses') }}
    where outcome = 'accepted'
),

computed as (
    select * from {{ ref('station_energy_monthly') }}
),

blocked as (
    select
        period,
        id_station_itinerance,
        min(blocking_reason) as blocking_reason
    from {{ ref('blocked_energy_monthly') }}
    group by period, id_station_itinerance
),

logged as (
    select
        period,
        id_station_itinerance,
        cause,
        cast(sum(sessions) as bigint) as sessions,
        {{ mwh('sum(energy_kwh)') }} as energy_mwh,
        (array_agg(value_before order by changed_at))[1] as value_before,
        (array_agg(value_after order by changed_at desc))[1] as value_after,
        max(changed_at) as changed_at
    from {{ ref('stg_builds__change_log') }}
    group by period, id_station_itinerance, cause
),

labels as (
    select * from {{ ref('reason_labels') }}
),

first_acknowledged as (
    select distinct on (requests.period, request_stations.id_station_itinerance)
        requests.period,
        request_stations.id_station_itinerance,
        requests.siren,
        request_stations.amenageur_name,
        request_stations.operational_unit_code,
        request_stations.energy_mwh,
        responses.responded_at
    from requests
    inner join request_stations on requests.request_id = request_stations.request_id
    inner join responses on requests.request_id = responses.request_id
    order by
        requests.period asc, request_stations.id_station_itinerance asc, requests.request_id asc
),

compared as (
    select
        first_acknowledged.period,
        first_acknowledged.id_station_itinerance,
        first_acknowledged.siren,
        first_acknowledged.amenageur_name,
        first_acknowledged.responded_at as first_acknowledged_at,
        first_acknowledged.energy_mwh as first_mwh,
        computed.siren as computed_siren,
        coalesce(computed.energy_mwh, 0) as computed_mwh,
        case when computed.period is null then coalesce(blocked.blocking_reason, 'no_energy') end
            as not_sendable_because,
        first_acknowledged.energy_mwh <> coalesce(computed.energy_mwh, 0)
        or coalesce(
            first_acknowledged.siren <> computed.siren
            or first_acknowledged.operational_unit_code <> computed.operational_unit_code,
            false
        ) as is_different
    from first_acknowledged
    left join computed
        on
            first_acknowledged.period = computed.period
            and first_acknowledged.id_station_itinerance = computed.id_station_itinerance
    left join blocked
        on
            first_acknowledged.period = blocked.period
            and first_acknowledged.id_station_itinerance = blocked.id_station_itinerance
),

explained as (
    select
        compared.*,
        logged.sessions,
        logged.energy_mwh as change_mwh,
        logged.value_before,
        logged.value_after,
        logged.changed_at,
        coalesce(logged.cause, 'unknown') as cause
    from compared
    left join logged
        on
            compared.period = logged.period
            and compared.id_station_itinerance = logged.id_station_itinerance
    where compared.is_different or logged.cause is not null
)

select
    explained.period,
    explained.id_station_itinerance,
    explained.siren,
    explained.amenageur_name,
    explained.first_acknowledged_at,
    explained.first_mwh,
    explained.computed_mwh,
    explained.computed_siren,
    explained.not_sendable_because,
    explained.cause,
    labels.title,
    explained.sessions,
    explained.change_mwh,
    explained.value_before,
    explained.value_after,
    explained.changed_at
from explained
left join labels on explained.period = labels.period and explained.cause = labels.reason
