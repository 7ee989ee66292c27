{#
    A period is a calendar month in the time zone `var('time_zone')`, written YYYY-MM. Its limits are
    computed here and reach the database as constants with a UTC offset. So no session setting can move
    them, partitions and chunks are pruned, and a foreign server can filter by them.
#}

{# The month that a model's SQL is rendered for. Set by monthly_replace, one month after the other. #}
{% macro current_period() %}
    {%- set default = (requested_periods() or [first_changeable_period()])[0] -%}
    {{ return(context.get('current_month') or default) }}
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
    {%- do return(month_end_literal(current_period())) -%}
{% endmacro %}

{% macro month_end_literal(period) %}
    {%- do return(instant_literal(month_end(period))) -%}
{% endmacro %}

{# The exclusive end of a month. Sessions that start after the day of the run belong to no month. #}
{% macro month_end(period) %}
    {%- do return([period_instant(next_period(period)), end_of_run_day()] | min) -%}
{% endmacro %}

{# The first instant of the day after the run. #}
{% macro end_of_run_day() %}
    {%- set zone = modules.pytz.timezone(var('time_zone')) -%}
    {%- set day = run_started_at.astimezone(zone).date() + modules.datetime.timedelta(days=1) -%}
    {%- do return(midnight(day | string)) -%}
{% endmacro %}

{# The last day of the period that was complete when the run started. #}
{% macro latest_complete_day() -%}
    least({{ period_last_day() }}, {{ day_of(computed_at()) }} - 1)
{%- endmacro %}

{#
    Read sessions from this instant on: the previous session may have started before the period. Sessions
    before `first_month` belong to no month, and hide no session of the first.
#}
{% macro lookback_start() %}
    {%- do return(instant_literal(lookback_instant(current_period()))) -%}
{% endmacro %}

{% macro lookback_instant(period) %}
    {%- set days = modules.datetime.timedelta(days=var('overlap_lookback_days')) -%}
    {%- do return([period_instant(period) - days, period_instant(var('first_month'))] | max) -%}
{% endmacro %}

{# The start of the run: one instant for all its models, before any of its reads. #}
{% macro computed_at() %}
    {%- do return(instant_literal(run_started_at)) -%}
{% endmacro %}

{% macro instant_literal(instant) %}
    {%- do return("cast('" ~ instant.astimezone(modules.pytz.utc).isoformat(' ') ~ "' as " ~ type_named('timestamptz') ~ ')') -%}
{% endmacro %}

{# The first instant of a period. #}
{% macro period_instant(period) %}
    {%- do return(midnight(period ~ '-01')) -%}
{% endmacro %}

{# The first instant of a day, YYYY-MM-DD. #}
{% macro midnight(day) %}
    {%- set midnight = modules.datetime.datetime.fromisoformat(day) -%}
    {%- do return(modules.pytz.timezone(var('time_zone')).localize(midnight)) -%}
{% endmacro %}

{% macro next_period(period) %}
    {%- set year, month = period[:4] | int, period[5:] | int -%}
    {%- do return('%04d-%02d' | format(year + month // 12, month % 12 + 1)) -%}
{% endmacro %}

{# The months from `first` to `last`, both included. #}
{% macro months_between(first, last) %}
    {%- set months = [first] -%}
    {%- for _ in range(12 * (last[:4] | int - first[:4] | int + 1)) if months[-1] < last -%}
        {%- do months.append(next_period(months[-1])) -%}
    {%- endfor -%}
    {%- do return(months) -%}
{% endmacro %}

{# The months that can have sessions: from `first_month` to the month of the run. #}
{% macro candidate_months() %}
    {%- do return(months_between(checked_period('first_month', var('first_month')), month_of_run())) -%}
{% endmacro %}

{% macro month_of_run() %}
    {%- do return(month_of(run_started_at)) -%}
{% endmacro %}

{# The month of an instant. #}
{% macro month_of(instant) %}
    {%- do return(instant.astimezone(modules.pytz.timezone(var('time_zone'))).strftime('%Y-%m')) -%}
{% endmacro %}

{# The months in which data_freshness looks for days with sessions. #}
{% macro silence_months() %}
    {%- set days = modules.datetime.timedelta(days=var('silence_lookback_days')) -%}
    {%- do return(months_between(month_of(period_instant(current_period()) - days), current_period())) -%}
{% endmacro %}

{# The first month whose end is less than `changeable_days` ago. #}
{% macro first_changeable_period() %}
    {%- do return(month_of(run_started_at - modules.datetime.timedelta(days=var('changeable_days')))) -%}
{% endmacro %}

{# The last day on which a build computes a month again: its end is less than `changeable_days` ago. #}
{% macro last_changeable_day(period) -%}
    cast({{ period }} + interval '1 month' as date) + {{ var('changeable_days') }} - 1
{%- endmacro %}

{# The months of `var('period')`; an empty list if it is null. #}
{% macro requested_periods() %}
    {%- do return(months_of_variable('period')) -%}
{% endmacro %}

{# The months of a variable: one month, a range, or null. #}
{% macro months_of_variable(name) %}
    {%- if var(name) is none -%}{%- do return([]) -%}{%- endif -%}
    {%- set limits = (var(name) | string).split('..') -%}
    {%- if limits | length > 2 -%}{%- do invalid_period(name, var(name)) -%}{%- endif -%}
    {%- set first = checked_period(name, limits[0]) -%}
    {%- set last = checked_period(name, limits[-1]) -%}
    {%- if first > last -%}
        {%- do exceptions.raise_compiler_error(
            name ~ " is '" ~ var(name) ~ "': the first month of the range is after the last"
        ) -%}
    {%- endif -%}
    {%- do return(months_between(first, last)) -%}
{% endmacro %}

{% macro checked_period(name, value) %}
    {%- if not modules.re.fullmatch('\\d{4}-(0[1-9]|1[0-2])', value | string) -%}
        {%- do invalid_period(name, value) -%}
    {%- endif -%}
    {%- do return(value | string) -%}
{% endmacro %}

{% macro invalid_period(name, value) %}
    {%- do exceptions.raise_compiler_error(
        name ~ " is '" ~ value ~ "': use a month such as 2025-04"
        ~ (', or a range such as 2025-01..2025-03' if name != 'first_month' else '')
    ) -%}
{% endmacro %}
