{{ config(materialized='view') }}

-- A view, so that it always contains the station of every charge point version.
select distinct
    station_version_id,
    id_station_itinerance,
    operational_unit_code,
    siren,
    amenageur_name,
    blocking_reason
from {{ ref('int_charge_point_history') }}
