{{ config(materialized='view') }}

select
    kind,
    cast(display_order as integer) as display_order,
    reason,
    title,
    explanation,
    cast(
        case reason
            when 'eneu' then {{ var('eneu_energy_kwh') }}
            when 'odus' then {{ var('odus_energy_kwh') }}
            when 'enex' then {{ var('enex_energy_kwh') }}
        end as dec
    ) as energy_limit_kwh,
    cast(
        case reason
            when 'enea' then {{ var('enea_ratio') }}
            when 'enex' then {{ var('enex_ratio') }}
        end as dec
    ) as max_energy_ratio
from (
    values
    (
        'rejection', 1, 'negs', 'Fin avant le début',
        'Durée négative : la session finit avant de commencer.'
    ),
    (
        'rejection', 2, 'eneu', 'Énergie inacceptable',
        'Énergie > {{ in_french(var('eneu_energy_kwh')) }} kWh.'
    ),
    (
        'rejection', 3, 'enea', 'Énergie anormale',
        'Énergie > énergie possible × {{ in_french(var('enea_ratio')) }}, où l''énergie possible '
        || 'est la durée × la puissance nominale du point de charge.'
    ),
    (
        'rejection', 4, 'odus', 'Durée négative avec énergie',
        'Durée négative et énergie > {{ in_french(var('odus_energy_kwh')) }} kWh.'
    ),
    (
        'rejection', 5, 'enex', 'Énergie excessive',
        'Énergie > {{ in_french(var('enex_energy_kwh')) }} kWh et énergie > énergie possible × '
        || '{{ in_french(var('enex_ratio')) }}.'
    ),
    (
        'rejection', 6, 'duplicate', 'Doublon',
        'Même point de charge, même début et même fin que la session précédente ; la première '
        || 'reçue est gardée.'
    ),
    (
        'rejection', 7, 'overlap', 'Chevauchement',
        'Commence avant la fin de la session précédente du même point de charge.'
    ),
    (
        'rejection', 8, 'invalid_energy', 'Énergie invalide',
        'Énergie négative, infinie ou qui n''est pas un nombre.'
    ),
    (
        'rejection', 9, 'invalid_time', 'Dates invalides',
        'Fin infinie, ou à plus de {{ var('max_duration_days') }} jours du début.'
    ),
    (
        '{{ 'rejection' if var('reject_hidden_overlaps') else 'mark' }}', 10, 'hidden_overlap',
        'Chevauchement masqué',
        'Commence avant la fin d''une session antérieure à la précédente, du même point de charge.'
    ),
    (
        'blocking', 1, 'no_charge_point', 'Point de charge inconnu',
        'La session n''a pas de point de charge connu de QualiCharge.'
    ),
    (
        'blocking', 2, 'invalid_power', 'Puissance invalide',
        'La puissance nominale du point de charge n''est pas un nombre, ou dépasse '
        || '{{ in_french(var('max_power_kw')) }} kW : ses sessions ne peuvent pas être jugées.'
    ),
    (
        'blocking', 3, 'no_station', 'Sans station',
        'Le point de charge n''appartient à aucune station.'
    ),
    (
        'blocking', 4, 'no_amenageur', 'Sans aménageur',
        'La station n''a pas d''aménageur.'
    ),
    (
        'blocking', 5, 'no_siren', 'SIREN manquant',
        'L''aménageur n''a pas de SIREN.'
    ),
    (
        'blocking', 6, 'invalid_siren', 'SIREN invalide',
        'Le SIREN de l''aménageur n''est pas valide : neuf chiffres, clé de Luhn.'
    ),
    (
        'blocking', 7, 'no_name', 'Nom manquant',
        'L''aménageur n''a pas de nom.'
    ),
    (
        'blocking', 8, 'no_operational_unit', 'Sans unité d''exploitation',
        'La station n''a pas d''unité d''exploitation.'
    ),
    (
        'blocking', 9, 'code_not_station_prefix', 'Unité d''un autre réseau',
        'Le code de l''unité n''est pas le début de l''identifiant de la station.'
    ),
    (
        'blocking', 10, 'invalid_station_id', 'Identifiant de station refusé',
        'CARBURE refuse l''identifiant de la station.'
    ),
    (
        'cause', 1, 'sent_twice', 'Tout est envoyé deux fois',
        'La plupart des sessions rejetées sont des doublons.'
    ),
    (
        'cause', 2, 'clock_offset', 'Horloge décalée',
        'La plupart des sessions rejetées finissent avant de commencer.'
    ),
    (
        'cause', 3, 'energy_in_wh', 'Énergie en Wh au lieu de kWh',
        'La plupart des sessions rejetées ont de 50 à 1 100 fois l''énergie possible.'
    ),
    (
        'cause', 4, 'power_too_low', 'Puissance déclarée trop faible',
        'La plupart des sessions rejetées dépassent l''énergie possible d''un facteur modéré.'
    )
) as labels (kind, display_order, reason, title, explanation)
