{#
    Prepares a run: creates or upgrades the ledger and what the models need, and decides which months to
    build. All of it happens in one transaction, under a lock that makes a second run wait until the first
    has finished here.

    dbt renders this hook for `dbt compile` and `dbt docs generate` too, which must not change anything.
#}
{% macro start_run() %}
    {{ adapter.dispatch('start_run')() }}
{% endmacro %}

{% macro default__start_run() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'retry', 'test') -%}
        {%- call statement('begin') -%}
            begin; {{ lock_for_ddl(period_builds()) }};
            {{ create_period_builds() }}
            {{ create_landings() }}
            {{ create_source_gap() }}
            {{ create_change_log() }}
            {{ create_text_functions() }}
        {%- endcall -%}
        {%- call statement('ledger') -%}{{ ensure_ledger() }} select{%- endcall -%}
        {%- do upgrade_session_flags() -%}
        {%- if (var('spark_build') or {}).get('plans_months', true) -%}{%- do plan_builds() -%}{%- endif -%}
        {%- call statement('commit') -%}commit{%- endcall -%}
    {%- endif -%}
{% endmacro %}
