{#
    The frozen months with blocked energy of a charge point or station that the platform has corrected since. They
    are built again, so that a correction needs no action.
#}
{% macro unblocked_months() %}
    {%- set blocked = api.Relation.create(schema=target.schema, identifier='blocked_energy_monthly') -%}
    {%- set stations = intermediate_table('int_stations') -%}
    {%- set current = intermediate_table('int_current_stations') -%}
    {%- if requested_periods() or not (relation_exists(blocked) and relation_exists(stations) and relation_exists(current)) -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set corrected_stations -%}
        select distinct to_char(blocked.period, 'YYYY-MM')
        from {{ blocked }} as blocked
        inner join {{ stations }} as stations
            on blocked.period = stations.period and blocked.id_station_itinerance = stations.id_station_itinerance
        inner join (
            select station_id, {{ first_true(blocking_conditions('station')) }} as blocking_reason
            from {{ current }}
        ) as current on stations.station_id = current.station_id
        where stations.blocking_reason is not null and current.blocking_reason is null
    {%- endset -%}
    {%- do return(run_query(corrected_stations).columns[0].values() | list + months_of_corrected_charge_points(blocked)) -%}
{% endmacro %}

{# The same for charge points. Asks the source only for those that block energy: it has far more of them. #}
{% macro months_of_corrected_charge_points(blocked) %}
    {%- set charge_points = intermediate_table('int_charge_points') -%}
    {%- set source = api.Relation.create(schema=target.schema ~ '_staging', identifier='stg_qualicharge__charge_points') -%}
    {%- set reasons = blocking_conditions('charge_point') | list -%}
    {%- if not relation_exists(source) -%}{%- do return([]) -%}{%- endif -%}
    {%- set candidates = run_query(
        "select to_char(period, 'YYYY-MM'), cast(charge_point_id as text) from " ~ charge_points
        ~ " where blocking_reason in ('" ~ reasons | join("', '") ~ "')"
        ~ ' and (period, blocking_reason) in (select period, blocking_reason from ' ~ blocked ~ ')'
    ).rows -%}
    {%- if not candidates -%}{%- do return([]) -%}{%- endif -%}
    {%- set corrected = run_query(
        'select cast(charge_point_id as text) from ' ~ source
        ~ " where charge_point_id in ('" ~ candidates | map(attribute=1) | unique | join("', '") ~ "') and "
        ~ first_true(blocking_conditions('charge_point')) ~ ' is null'
    ).columns[0].values() | list -%}
    {%- set months = [] -%}
    {%- for month, charge_point in candidates if charge_point in corrected and month not in months -%}
        {%- do months.append(month) -%}
    {%- endfor -%}
    {%- do return(months) -%}
{% endmacro %}
