{{ config(materialized='view') }}

-- The limits are those stored with the month, whatever is valid today.

with

months as (
    select * from {{ ref('stg_builds__judged_months') }}
),

catalogue (variable, display_order, reason, title, explanation, example, correction) as (
    values
    {%- for variable in ['rules', 'blocking_reasons', 'likely_causes', 'change_causes'] %}
        {%- set is_last_variable = loop.last %}
        {%- for entry in var(variable) %}
            (
                '{{ variable }}',
                {{ loop.index }},
                '{{ entry.name }}',
                {{ literal(entry.title) }},
                {{ literal(entry.explanation) }},
                {{ literal(entry.example) if entry.example else 'cast(null as text)' }},
                {{ literal(entry.correction) if entry.correction else 'cast(null as text)' }}
            ){{ ',' if not (loop.last and is_last_variable) }}
        {%- endfor %}
    {%- endfor %}
)

select
    months.period,
    case
        when catalogue.variable = 'blocking_reasons' then 'blocking'
        when catalogue.variable = 'likely_causes' then 'cause'
        when catalogue.variable = 'change_causes' then 'change'
        when months.rejecting_rules ? catalogue.reason then 'rejection'
        else 'mark'
    end as kind,
    catalogue.display_order,
    catalogue.reason,
    {{ with_limits('catalogue.title', 'months.limits') }} as title,
    {{ with_limits('catalogue.explanation', 'months.limits') }} as explanation,
    catalogue.example,
    months.limits,
    catalogue.correction,
    -- A correction that unblocks energy counts later too.
    case when catalogue.variable = 'rules' then {{ last_changeable_day('months.period') }} end
        as changeable_until
from months
cross join catalogue
