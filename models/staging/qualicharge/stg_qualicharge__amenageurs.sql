select
    id as amenageur_id,
    cast(siren_amenageur as text) as siren,
    cast(nom_amenageur as text) as amenageur_name,
    cast(contact_amenageur as text) as contact
from {{ source('qualicharge', 'amenageur') }}
