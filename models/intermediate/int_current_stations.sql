{{ config(materialized='view') }}

-- After the snapshot of charge points, so that the snapshot of this view has their stations.
-- depends_on: {{ ref('charge_point_states') }}

with

stations as (
    select * from {{ ref('stg_qualicharge__stations') }}
),

amenageurs as (
    select * from {{ ref('stg_qualicharge__amenageurs') }}
),

operational_units as (
    select * from {{ ref('stg_qualicharge__operational_units') }}
)

select
    stations.station_id,
    stations.id_station_itinerance,
    amenageurs.amenageur_id,
    amenageurs.siren,
    amenageurs.amenageur_name,
    operational_units.operational_unit_id,
    operational_units.operational_unit_code
from stations
left join amenageurs
    on stations.amenageur_id = amenageurs.amenageur_id
left join operational_units
    on stations.operational_unit_id = operational_units.operational_unit_id
