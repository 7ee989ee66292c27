{#
    The same materialization on Spark, for the models with the tag `sessions`: computes the month of the variable
    `period`, keeps its rows in a folder of the lake, and lands in the warehouse those that it needs
    (docs/scale-out.md).
#}
{% materialization monthly_replace, adapter='spark' %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set columns = get_quoted_csv(model['columns'].keys()) -%}
    {%- set folder = lake_folder(model.name) -%}
    {% call statement('main') %}
        insert overwrite directory '{{ folder }}' using {{ var('lake_format') }}
        select {{ columns }} from ({{ sql }}) as rendered
    {% endcall %}
    {% call statement('view') %}
        create or replace view {{ target }} as select * from {{ var('lake_format') }}.`{{ folder }}`
    {% endcall %}
    {% if var('spark_build') %}{% do land(target, columns) %}{% endif %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# The folder of a model's rows, or of the sessions, of the month. #}
{% macro lake_folder(name) %}
    {%- set lake = env_var('TIRUERT_LAKE', '') -%}
    {%- if not lake -%}
        {%- do exceptions.raise_compiler_error('set TIRUERT_LAKE to the folder for sessions, such as s3a://bucket/lake') -%}
    {%- endif -%}
    {%- do return(lake ~ '/' ~ name ~ '/month=' ~ current_period()) -%}
{% endmacro %}
