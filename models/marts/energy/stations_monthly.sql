{{ config(materialized='view') }}

select
    period,
    id_station_itinerance,
    siren,
    amenageur_name,
    operational_unit_code
from {{ ref('int_stations') }}
