{#
    Whether a month would lose too much: more than the share `max_lost_share` of its sessions or, if it is judged by
    the same limits as before, of its clean energy. A loss of up to ten sessions is never too much, so that operators
    can delete and correct sessions of a small month too.

    `run` is the run on Spark that computed the new rows, or none. Returns the loss as {measure: [before, after]}, or
    none.
#}
{% macro too_much_loss(old, new, run) %}
    {%- if not relation_exists(old) -%}{%- do return(none) -%}{%- endif -%}
    {%- if config.get('lands') and run -%}
        {#- Spark has compared the sessions with a look-back that was refused. -#}
        {%- set refused = value_of_build('cast(loss as text)', 'int_lookback_sessions', current_period()) -%}
        {%- if refused -%}{%- do return({'sessions of the look-back': fromjson(refused).sessions}) -%}{%- endif -%}
    {%- endif -%}
    {%- set run_before = landed_run(model.name, current_period()) -%}
    {#- If somebody has dropped the table, what the month had is unknown. -#}
    {%- if config.get('lands') and run_before and not relation_exists(intermediate_table('int_energy_daily')) -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set measures = ['sessions'] -%}
    {%- if config.get('records_limits') and stored_limits(model.name) == judged_by() -%}
        {%- do measures.append('clean_kwh') -%}
    {%- endif -%}
    {%- set before = measured(measures, old, run_before, int_energy_daily_of_month()) -%}
    {%- set after = measured(measures, new, run, landed_energy_daily(run)) -%}
    {%- set loss = {} -%}
    {%- for measure in measures -%}
        {%- set was, would_be = before[loop.index0] | int, after[loop.index0] | int -%}
        {%- if was - would_be > allowed_loss_share(before[0]) * was -%}{%- do loss.update({measure: [was, would_be]}) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(loss or none) -%}
{% endmacro %}

{# The share that a month with this many sessions may lose. #}
{% macro allowed_loss_share(sessions) %}
    {%- do return([var('max_lost_share'), 10 / ([sessions, 1] | max)] | max) -%}
{% endmacro %}

{#
    The values of `measures`, from `sessions`, which has one row per session. If Spark has landed only some of the
    sessions, from the month's rows of int_energy_daily.
#}
{% macro measured(measures, sessions, run, energy_daily) %}
    {%- set counts_days = run and config.get('lands') -%}
    {%- set expressions = {
        'sessions': 'coalesce(sum(sessions), 0)' if counts_days else 'count(*)',
        'clean_kwh': 'round(coalesce(sum(energy_kwh) filter (where not is_rejected), 0))',
    } -%}
    {%- set columns = [] -%}
    {%- for measure in measures -%}{%- do columns.append(expressions[measure]) -%}{%- endfor -%}
    {%- do return(run_query(
        'select ' ~ columns | join(', ') ~ ' from ' ~ (energy_daily if counts_days else sessions)
    ).rows[0]) -%}
{% endmacro %}

{% macro int_energy_daily_of_month() -%}
    (select * from {{ intermediate_table('int_energy_daily') }} where period = {{ period_date() }}) as energy
{%- endmacro %}

{% macro landed_energy_daily(run) -%}
    (
        select sessions, is_rejected, cast(energy_kwh as numeric) as energy_kwh
        from {{ landing_table('int_energy_daily', current_period(), run) }}
    ) as energy
{%- endmacro %}

{# Describe a loss, for messages. #}
{% macro describe_loss(loss) -%}
    {%- for measure, (before, after) in loss.items() -%}
        {{ '{:,}'.format(before) }} {{ measure }} would become {{ '{:,}'.format(after) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The limits that the month was judged by; none if it never was. #}
{% macro stored_limits(model_name) %}
    {%- set stored = value_of_build('cast(judged_by as text)', model_name, current_period()) -%}
    {%- do return(fromjson(stored) if stored else none) -%}
{% endmacro %}

{# The months among `months` that kept their figures when they were last built, with what they would have lost. #}
{% macro months_that_kept_their_figures(months) %}
    {%- set losses = {} -%}
    {%- if months -%}
        {%- set found = run_query(
            "select to_char(period, 'YYYY-MM'), cast(loss as text) from " ~ period_builds()
            ~ ' where loss is not null and ' ~ period_in('period', months) ~ ' order by model, period'
        ).rows -%}
        {%- for month, loss in found -%}{%- do losses.update({month: fromjson(loss)}) -%}{%- endfor -%}
    {%- endif -%}
    {%- do return(losses) -%}
{% endmacro %}
