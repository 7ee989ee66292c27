select
    id as amenageur_id,
    cast(siren_amenageur as text) as siren,
    cast(nom_amenageur as text) as entity
from {{ source('qualicharge', 'amenageur') }}
