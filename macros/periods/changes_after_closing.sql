{#
    What the source has received, changed or deleted of closed months after the last build that read them: it is in no figure.
    As rows (month, sessions received or changed since, sessions in the source, sessions in the month), without months for which
    nothing has changed.

    Checks the last closed month or, with `check_all_months`, all closed months that the source still has. A month that would
    lose too much is left out: another test names it.
#}
{% macro changes_after_closing() %}
    {%- if not execute or not relation_exists(period_builds()) -%}{%- do return([]) -%}{%- endif -%}
    {%- set closed = built_months("loss is null and period < cast('" ~ first_changeable_period() ~ "-01' as date)") -%}
    {%- set checked = closed if var('check_all_months') else closed[-1:] -%}
    {%- set counts = [] -%}
    {%- for month in months_the_source_holds(checked) -%}
        {%- do counts.append(sessions_after_last_read(month)) -%}
    {%- endfor -%}
    {%- if not counts -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(
        'select * from (' ~ counts | join(' union all ') ~ ') as counts'
        ~ ' where changed > 0 or in_source <> in_month order by month'
    ).rows) -%}
{% endmacro %}

{# A query of one row. Constant limits: a foreign server counts the sessions itself. #}
{% macro sessions_after_last_read(month) %}
    {%- set period = "cast('" ~ month ~ "-01' as date)" -%}
    {%- set read_at = run_query(
        'select sessions_read_at from ' ~ ref('stg_builds__read_months') ~ ' where period = ' ~ period
    ).columns[0].values()[0] -%}
    select
        '{{ month }}' as month,
        count(*) filter (
            where created_at >= {{ instant_literal(read_at) }} or updated_at >= {{ instant_literal(read_at) }}
        ) as changed,
        count(*) as in_source,
        (
            select coalesce(sum(received_sessions), 0)
            from {{ ref('energy_balance_monthly') }} where period = {{ period }}
        ) as in_month
    from {{ source('qualicharge', 'session') }}
    where start >= {{ instant_literal(period_instant(month)) }} and start < {{ month_limit(month) }}
{% endmacro %}
