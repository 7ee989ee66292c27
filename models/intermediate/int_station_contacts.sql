{{ config(materialized='view') }}

with

stations as (
    select * from {{ ref('stg_qualicharge__stations') }}
),

amenageurs as (
    select * from {{ ref('stg_qualicharge__amenageurs') }}
)

select
    stations.id_station_itinerance,
    amenageurs.siren,
    amenageurs.contact
from stations
inner join amenageurs on stations.amenageur_id = amenageurs.amenageur_id
where amenageurs.contact is not null
