select
    id as station_id,
    amenageur_id,
    operational_unit_id,
    cast(id_station_itinerance as text) as id_station_itinerance
from {{ source('qualicharge', '_station') }}
