-- Every time that a station was sent to CARBURE, and what came of it.

with

requests as (
    select * from {{ source('ledger', 'request') }}
),

stations as (
    select * from {{ source('ledger', 'request_station') }}
),

answers as (
    select * from {{ source('ledger', 'answer') }}
),

refusals as (
    select * from {{ source('ledger', 'refusal') }}
)

select
    requests.request_id,
    requests.period,
    stations.id_station_itinerance,
    requests.siren,
    stations.entity,
    stations.code,
    stations.energy_mwh,
    requests.prepared_at as sent_at,
    answers.answered_at,
    refusals.reason,
    -- Without an answer the run was ended before one came.
    coalesce(answers.outcome, 'uncertain') as outcome,
    coalesce(refusals.is_locked, false) as is_locked
from requests
inner join stations on requests.request_id = stations.request_id
left join answers on requests.request_id = answers.request_id
left join refusals
    on
        stations.request_id = refusals.request_id
        and stations.id_station_itinerance = refusals.id_station_itinerance
