select
    -- ids
    id as charge_point_id,
    station_id,
    cast(id_pdc_itinerance as text) as id_pdc_itinerance,

    -- numerics
    cast(puissance_nominale as double precision) as max_power_kw
from {{ source('qualicharge', '_pointdecharge') }}
