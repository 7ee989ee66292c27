{#
    The materialization monthly_replace (macros/materializations) on Spark, for the models with the tag `sessions`. It
    computes the month of the variable `period`, keeps all its rows in a folder of the lake, and lands in the warehouse
    those that PostgreSQL needs (docs/scale-out.md), with the changes of acknowledged figures.
#}
{% materialization monthly_replace, adapter='spark' %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set columns = get_quoted_csv(model['columns'].keys()) -%}
    {%- set step = var('spark_build') -%}
    {%- set folder = lake_folder(model.name, step.run) -%}
    {% call statement('main') %}
        insert overwrite directory '{{ folder }}' using {{ var('lake_format') }}
        select {{ columns }} from ({{ sql }}) as rendered
    {% endcall %}
    {% call statement('view') %}
        create or replace view {{ target }} as select * from {{ var('lake_format') }}.`{{ folder }}`
    {% endcall %}
    {% if config.get('change_log') and step.flags_before %}
        {% do land_changes(step, target) %}
    {% endif %}
    {% if step.states_version %}{% do land(model.name, rows_to_land(target, columns)) %}{% endif %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#
    Land the changes of acknowledged figures. They go to the lake first: `land` reads them twice, and CARBURE may
    acknowledge more stations in between.
#}
{% macro land_changes(step, target) %}
    {%- set name = changes_name(model.name) -%}
    {%- set folder = lake_folder(name, step.run) -%}
    {%- call statement('changes') -%}
        insert overwrite directory '{{ folder }}' using {{ var('lake_format') }}
        {{ session_changes(flags_before_this_run(step.flags_before), target, step.limits_have_changed) }}
    {%- endcall -%}
    {%- do land(name, 'select * from ' ~ var('lake_format') ~ '.`' ~ folder ~ '`') -%}
{% endmacro %}

{# The folder of a model's rows, or of the sessions, of the month, as written by a run. #}
{% macro lake_folder(name, run) %}
    {%- set lake = env_var('TIRUERT_LAKE', '') -%}
    {%- if not lake -%}
        {%- do exceptions.raise_compiler_error('set TIRUERT_LAKE to the folder for sessions, such as s3a://bucket/lake') -%}
    {%- endif -%}
    {%- do return(lake ~ '/' ~ name ~ '/month=' ~ current_period() ~ '/run=' ~ run) -%}
{% endmacro %}
