{{ config(materialized='view') }}

-- Why energy of a charge point cannot be sent. The first condition that is true gives the reason.
{%- set conditions = {
    'invalid_power': usable_power_kw('max_power_kw') ~ ' is null',
    'no_station': 'station_id is null',
    'no_amenageur': 'amenageur_id is null',
    'no_siren': is_blank('siren'),
    'invalid_siren': 'not ' ~ is_valid_siren('siren'),
    'no_name': is_blank('amenageur_name'),
    'no_operational_unit': 'operational_unit_id is null',
    'code_not_station_prefix':
        '(substring(id_station_itinerance, 1, 5) = operational_unit_code) is not true',
    'invalid_station_id': 'not ' ~ is_valid_station_id('id_station_itinerance'),
} %}
{%- set reasons = ['no_charge_point'] + conditions | list %}
{%- do require_same_names(reasons, blocking_reasons(), 'blocking_reasons') %}

with

charge_points as (
    select * from {{ ref('stg_qualicharge__charge_points') }}
),

stations as (
    select * from {{ ref('stg_qualicharge__stations') }}
),

amenageurs as (
    select * from {{ ref('stg_qualicharge__amenageurs') }}
),

operational_units as (
    select * from {{ ref('stg_qualicharge__operational_units') }}
),

located as (
    select
        charge_points.charge_point_id,
        charge_points.id_pdc_itinerance,
        charge_points.max_power_kw,
        stations.station_id,
        stations.id_station_itinerance,
        amenageurs.amenageur_id,
        amenageurs.siren,
        amenageurs.amenageur_name,
        operational_units.operational_unit_id,
        operational_units.operational_unit_code
    from charge_points
    left join stations
        on charge_points.station_id = stations.station_id
    left join amenageurs
        on stations.amenageur_id = amenageurs.amenageur_id
    left join operational_units
        on stations.operational_unit_id = operational_units.operational_unit_id
),

checked as (
    select
        *,
        case
            {% for reason, condition in conditions.items() -%}
                when {{ condition }} then '{{ reason }}'
            {% endfor -%}
        end as blocking_reason
    from located
),

numbered as (
    select
        *,
        {{ version_id([
            'id_station_itinerance', 'operational_unit_code', 'siren', 'amenageur_name', 'blocking_reason'
        ]) }} as station_version_id
    from checked
)

select
    charge_point_id,
    id_pdc_itinerance,
    max_power_kw,
    id_station_itinerance,
    operational_unit_code,
    siren,
    amenageur_name,
    blocking_reason,
    station_version_id,
    {{ version_id([
        'charge_point_id', 'id_pdc_itinerance', 'max_power_kw', 'station_version_id'
    ]) }} as charge_point_version_id
from numbered
