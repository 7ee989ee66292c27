{#
    A period is a calendar month in the time zone of `var('time_zone')`, written YYYY-MM. Its limits
    are computed here and reach the database as instants with an offset, so that no setting of a
    session can move them and partitions are pruned by constants.
#}

{# The month that a model's SQL is rendered for: see the materialization monthly_replace. #}
{% macro current_period() %}
    {{ return(model.get('period') or (requested_periods() or [first_changeable_period()])[0]) }}
{% endmacro %}

{% macro period_date() %}
    {%- do return("cast('" ~ current_period() ~ "-01' as date)") -%}
{% endmacro %}

{% macro period_last_day() %}
    {%- set next = next_period(current_period()) ~ '-01' -%}
    {%- set day = modules.datetime.date.fromisoformat(next) - modules.datetime.timedelta(days=1) -%}
    {%- do return("cast('" ~ day ~ "' as date)") -%}
{% endmacro %}

{% macro period_start() %}
    {%- do return(instant_literal(period_instant(current_period()))) -%}
{% endmacro %}

{% macro period_end() %}
    {%- do return(instant_literal(period_instant(next_period(current_period())))) -%}
{% endmacro %}

{# The day on which something begins, in the time zone of the calendar. #}
{% macro day_of(instant) -%}
    cast({{ instant }} at time zone '{{ var('time_zone') }}' as date)
{%- endmacro %}

{# The last day of the period that was over when the run started. #}
{% macro latest_complete_day() -%}
    least({{ period_last_day() }}, {{ day_of(computed_at()) }} - 1)
{%- endmacro %}

{# From when on sessions are read: a session's previous one may have started before the period. #}
{% macro lookback_start() %}
    {%- set days = modules.datetime.timedelta(days=var('overlap_lookback_days')) -%}
    {%- do return(instant_literal(period_instant(current_period()) - days)) -%}
{% endmacro %}

{# When the figures were computed: one instant for all models of a run, before any of its reads. #}
{% macro computed_at() %}
    {%- do return(instant_literal(run_started_at)) -%}
{% endmacro %}

{% macro instant_literal(instant) %}
    {%- do return("cast('" ~ instant.astimezone(modules.pytz.utc).isoformat(' ') ~ "' as timestamptz)") -%}
{% endmacro %}

{# The first instant of a period. #}
{% macro period_instant(period) %}
    {%- set midnight = modules.datetime.datetime.fromisoformat(period ~ '-01') -%}
    {%- do return(modules.pytz.timezone(var('time_zone')).localize(midnight)) -%}
{% endmacro %}

{% macro next_period(period) %}
    {%- set year, month = period[:4] | int, period[5:] | int -%}
    {%- do return('%04d-%02d' | format(year + month // 12, month % 12 + 1)) -%}
{% endmacro %}

{# The first month whose end is less than `changeable_days` ago. #}
{% macro first_changeable_period() %}
    {%- set instant = run_started_at - modules.datetime.timedelta(days=var('changeable_days')) -%}
    {%- do return(instant.astimezone(modules.pytz.timezone(var('time_zone'))).strftime('%Y-%m')) -%}
{% endmacro %}

{# The months of `var('period')`; an empty list where it is null. #}
{% macro requested_periods() %}
    {%- set asked = var('period') -%}
    {%- if asked is none %}{% do return([]) %}{% endif -%}
    {%- set month = '\\d{4}-(0[1-9]|1[0-2])' -%}
    {%- if not modules.re.fullmatch(month ~ '(\\.\\.' ~ month ~ ')?', asked | string) -%}
        {%- do exceptions.raise_compiler_error(
            "period is '" ~ asked ~ "': give a month such as 2025-04, or a range such as 2025-01..2025-03"
        ) -%}
    {%- endif -%}
    {%- set first, last = asked[:7], asked[-7:] -%}
    {%- if first > last -%}
        {%- do exceptions.raise_compiler_error("period is '" ~ asked ~ "': its first month is after its last") -%}
    {%- endif -%}
    {%- set months = [first] -%}
    {%- for _ in range(12 * (last[:4] | int - first[:4] | int + 1)) if months[-1] < last -%}
        {%- do months.append(next_period(months[-1])) -%}
    {%- endfor -%}
    {%- do return(months) -%}
{% endmacro %}
