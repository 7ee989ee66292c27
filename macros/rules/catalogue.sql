{#
    The catalogue of rules, blocking reasons, likely causes and causes of changes, and the limits of the rules, are variables in
    dbt_project.yml. These macros read them.
#}

{# The names of all rules, in order. #}
{% macro rule_names() %}
    {%- do return(var('rules') | map(attribute='name') | list) -%}
{% endmacro %}

{# The names of the rules that reject sessions of a month. The others only mark them. #}
{% macro rejecting_rules(period=none) %}
    {%- set names = [] -%}
    {%- for rule in var('rules') -%}
        {%- set rejects = limit(rule.rejects, period) if rule.rejects is string else rule.rejects -%}
        {%- if rejects -%}{%- do names.append(rule.name) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(names) -%}
{% endmacro %}

{# The names of the blocking reasons, in order. #}
{% macro blocking_reasons() %}
    {%- do return(var('blocking_reasons') | map(attribute='name') | list) -%}
{% endmacro %}

{# The value of a limit that is valid for a month; by default, for the month that is rendered. #}
{% macro limit(name, period=none) %}
    {%- set period = period or current_period() -%}
    {%- set values = var(name) if var(name) is mapping else {'0000-01': var(name)} -%}
    {%- for month, value in values.items() -%}
        {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])', month ~ '') or value is not number -%}
            {%- do exceptions.raise_compiler_error(
                'the variable ' ~ name ~ ' must have a number for each month, as in {2015-01: 1000}; it has '
                ~ month ~ ': ' ~ value
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set months = values.keys() | select('le', period) | sort -%}
    {%- if not months -%}
        {%- do exceptions.raise_compiler_error(
            'the variable ' ~ name ~ ' has no value for ' ~ period ~ ': add one that is valid from an earlier month'
        ) -%}
    {%- endif -%}
    {%- do return(values[months | last]) -%}
{% endmacro %}

{# The names of the limits that the catalogue uses. #}
{% macro limit_names() %}
    {%- set names = [] -%}
    {%- for entry in var('rules') + var('blocking_reasons') -%}
        {%- do names.extend(entry.limits or []) -%}
        {%- if entry.rejects is string -%}{%- do names.append(entry.rejects) -%}{%- endif -%}
    {%- endfor -%}
    {%- do return(names | unique | list) -%}
{% endmacro %}

{# The limits and rejecting rules that are valid for a month. Stored with it in period_builds. #}
{% macro judged_by(period=none) %}
    {%- set limits = {} -%}
    {%- for name in limit_names() -%}{%- do limits.update({name: limit(name, period)}) -%}{%- endfor -%}
    {%- do return({'limits': limits, 'rejecting_rules': rejecting_rules(period)}) -%}
{% endmacro %}

{# Fails if a model does not have one condition for each entry of the catalogue, in the same order. #}
{% macro require_same_names(conditions, names, variable) %}
    {%- if conditions | list != names -%}
        {%- do exceptions.raise_compiler_error(
            'the conditions (' ~ conditions | join(', ') ~ ') differ from the variable ' ~ variable
            ~ ' in dbt_project.yml (' ~ names | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}

{# Describe the boolean columns of a view that has one per rule. #}
{% macro describe_rule_columns(relation) %}
    {%- for rule in var('rules') %}
    comment on column {{ relation }}.{{ rule.name }} is {{ literal(rule.description) }};
    {%- endfor %}
{% endmacro %}
