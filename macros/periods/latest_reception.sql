{#
    When the source last received a session. Reads only sessions of the last weeks: the source has no index
    on `created_at`, but constant limits on `start` exclude older chunks.
#}
{% macro latest_reception() %}
    select max(created_at) as received_at
    from {{ source('qualicharge', 'session') }}
    where start >= {{ instant_literal(run_started_at - modules.datetime.timedelta(days=var('changeable_days'))) }}
{% endmacro %}
