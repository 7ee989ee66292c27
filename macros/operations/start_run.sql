{#
    Prepares a run: creates or upgrades the ledger, and decides which months to build. All of it happens
    in one transaction, under a lock that makes a second run wait until the first has finished here.
#}
{% macro start_run() %}
    {%- if execute -%}
        {%- call statement('begin') -%}
            begin; {{ lock_for_ddl(period_builds()) }};
            {{ create_period_builds() }}
        {%- endcall -%}
        {%- call statement('ledger') -%}{{ ensure_ledger() }} select{%- endcall -%}
        {%- do plan_builds() -%}
        {%- call statement('commit') -%}commit{%- endcall -%}
    {%- endif -%}
{% endmacro %}
