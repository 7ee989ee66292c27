{# Rename tables and columns, and describe them. Rows are unchanged. #}
{% macro ledger_migration_2() %}
alter table answer rename to response;
alter table response rename column answered_at to responded_at;
alter table response rename column status to http_status;

alter table request rename column is_registered to is_known_entity;
alter table request rename column stations_at_most to batch_size;
alter table request rename column prepared_at to sent_at;

alter table request_station rename column entity to amenageur_name;
alter table request_station rename column code to operational_unit_code;

alter view station_state rename to station_status;
alter view station_status rename column state to status;
alter view station_status rename column entity to amenageur_name;
alter view station_status rename column code to operational_unit_code;
alter view station_status rename column is_registered to is_known_entity;
alter view station_status rename column last_entity to last_amenageur_name;
alter view station_status rename column last_code to last_operational_unit_code;

comment on table request is 'One POST to CARBURE, recorded before it is sent. A request without a response is uncertain.';
comment on column request.run_id is 'The sender run that sent the request.';
comment on column request.period is 'The month sent, as its first day.';
comment on column request.siren is 'The SIREN credited.';
comment on column request.is_known_entity is 'Whether CARBURE knew the SIREN. If not, it stores the stations under "unknown siren".';
comment on column request.batch_size is 'Batch size of the run at that moment; the next run starts with it.';
comment on column request.body_sha256 is 'SHA-256 of the request body.';
comment on column request.sent_at is 'When the request was recorded, just before it was sent.';

comment on table request_station is 'One station of a request, as sent.';
comment on column request_station.energy_mwh is 'Energy of the month, in MWh. 0 cancels an earlier request.';

comment on table response is 'Outcome of a request. Only an empty 201 counts as accepted.';
comment on column response.responded_at is 'When the response arrived, or when the sender stopped waiting.';
comment on column response.http_status is 'HTTP status; null if no response arrived.';
comment on column response.body is 'Response body, cut to 10,000 characters; the error message if no response arrived.';
comment on column response.duration_seconds is 'Time from sending to the response, in seconds.';

comment on table refusal is 'One station that CARBURE named when it refused a request.';
comment on column refusal.is_locked is 'Whether both the DGEC and the operator have validated the station. It can never change again.';

comment on view station_status is 'One row per month and station sent: its status (acknowledged, uncertain, locked or refused) and what CARBURE last acknowledged.';
{% endmacro %}
