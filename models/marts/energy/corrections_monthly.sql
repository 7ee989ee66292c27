{{ config(materialized='view') }}

with

blocked as (
    select * from {{ ref('blocked_energy_monthly') }}
),

contacts as (
    select * from {{ ref('int_station_contacts') }}
)

select
    blocked.period,
    blocked.blocking_reason,
    blocked.siren,
    blocked.operational_unit_code,
    max(blocked.amenageur_name) as amenageur_name,
    string_agg(distinct contacts.contact, ', ') as contact,
    count(distinct blocked.id_station_itinerance) as stations,
    sum(blocked.energy_mwh) as blocked_mwh
from blocked
left join contacts
    on
        blocked.id_station_itinerance = contacts.id_station_itinerance
        -- Not a new owner's.
        and coalesce(blocked.siren, '') = coalesce(contacts.siren, '')
group by
    blocked.period, blocked.blocking_reason, blocked.siren, blocked.operational_unit_code
