select
    id as operational_unit_id,
    cast(code as text) as code
from {{ source('qualicharge', 'operationalunit') }}
