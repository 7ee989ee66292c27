select
    charge_point_version_id,
    charge_point_id,
    id_pdc_itinerance,
    max_power_kw,
    station_version_id
from {{ ref('int_charge_points') }}
