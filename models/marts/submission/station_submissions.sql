with

requests as (
    select * from {{ ref('stg_ledger__requests') }}
),

stations as (
    select * from {{ ref('stg_ledger__request_stations') }}
),

responses as (
    select * from {{ ref('stg_ledger__responses') }}
),

refusals as (
    select * from {{ ref('stg_ledger__refusals') }}
)

select
    requests.request_id,
    requests.period,
    stations.id_station_itinerance,
    requests.siren,
    stations.amenageur_name,
    stations.operational_unit_code,
    stations.energy_mwh,
    requests.sent_at,
    requests.is_adopted,
    responses.responded_at,
    refusals.reason,
    -- No response is recorded if the sender was killed while waiting for it.
    coalesce(responses.outcome, 'uncertain') as outcome,
    coalesce(refusals.is_locked, false) as is_locked
from requests
inner join stations on requests.request_id = stations.request_id
left join responses on requests.request_id = responses.request_id
left join refusals
    on
        stations.request_id = refusals.request_id
        and stations.id_station_itinerance = refusals.id_station_itinerance
-- CARBURE has not read throttled requests.
where coalesce(responses.outcome, 'uncertain') <> 'throttled'
