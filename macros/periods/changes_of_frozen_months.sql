{#
    What the source has received, changed or deleted of frozen months after they were last read: it is in no figure. As rows
    (month, sessions received or changed since, sessions in the source, sessions in the month), without months for which nothing
    has changed.

    Checks the last frozen month or, with `check_all_months`, all that the source still has. A month that the test
    `months_keep_their_sessions` names is left out.
#}
{% macro changes_of_frozen_months() %}
    {%- if flags.WHICH not in ('build', 'test', 'retry') or not execute -%}{%- do return([]) -%}{%- endif -%}
    {%- set frozen = built_months("period < cast('" ~ first_changeable_period() ~ "-01' as date)") -%}
    {%- set checked = months_the_source_holds(frozen if var('check_all_months') else frozen[-1:]) -%}
    {%- set named = months_that_kept_their_figures(checked_months()) -%}
    {%- set counts = [] -%}
    {%- for month in checked if month not in named -%}
        {%- set read_at = value_of_build('coalesce(source_read_at, built_at)', 'int_energy_daily', month) -%}
        {%- if read_at -%}{%- do counts.append(counts_of_frozen_month(month, read_at)) -%}{%- endif -%}
    {%- endfor -%}
    {%- if not counts -%}{%- do return([]) -%}{%- endif -%}
    {%- do return(run_query(
        'select * from (' ~ counts | join(' union all ') ~ ') as counts'
        ~ ' where changed > 0 or in_source <> in_month order by month'
    ).rows) -%}
{% endmacro %}

{# A query of one row. With constant limits, so that a foreign server counts the sessions itself. #}
{% macro counts_of_frozen_month(month, read_at) %}
    {%- set since = 'between ' ~ instant_literal(read_at) ~ ' and ' ~ computed_at() -%}
    select
        '{{ month }}' as month,
        count(*) filter (where created_at {{ since }} or updated_at {{ since }}) as changed,
        count(*) as in_source,
        (
            select coalesce(sum(received_sessions), 0)
            from {{ ref('energy_balance_monthly') }} where period = cast('{{ month }}-01' as date)
        ) as in_month
    from {{ source('qualicharge', 'session') }}
    where start >= {{ instant_literal(period_instant(month)) }} and start < {{ month_end_literal(month) }}
{% endmacro %}
