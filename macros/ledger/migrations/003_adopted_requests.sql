{# Requests of the previous flow, read from the platform's indicators. Rows are unchanged. #}
{% macro ledger_migration_3() %}
alter table request add column is_adopted boolean not null default false;
alter table request alter column batch_size drop not null;

comment on column request.is_adopted is 'Whether another program sent the request, and the sender only took over what CARBURE acknowledged.';
comment on column request.batch_size is 'Batch size of the run at that moment; the next run starts with it. Null for adopted requests.';
{% endmacro %}
