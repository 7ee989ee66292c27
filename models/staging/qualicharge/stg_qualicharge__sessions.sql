select
    -- ids
    id as session_id,
    point_de_charge_id as charge_point_id,

    -- numerics
    cast(energy as {{ type_named('double precision') }}) as energy_kwh,

    -- timestamps
    start as started_at,
    {{ adapter.quote('end') }} as ended_at,
    created_at as received_at
from {{ source('qualicharge', 'session') }}
