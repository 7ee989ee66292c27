select
    id as operational_unit_id,
    cast(code as text) as operational_unit_code
from {{ source('qualicharge', 'operationalunit') }}
