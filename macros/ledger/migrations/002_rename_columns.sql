{# Standard names, and descriptions. Rows are unchanged. #}
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

comment on table request is 'One POST, recorded before it is sent. No response: the run ended first.';
comment on column request.run_id is 'The sender run that sent the request.';
comment on column request.period is 'The month sent, as its first day.';
comment on column request.siren is 'The SIREN credited.';
comment on column request.is_known_entity is 'Whether CARBURE knew the SIREN. If not, it stores the stations unattached.';
comment on column request.batch_size is 'Batch size of the run at that moment; the next run starts with it.';
comment on column request.body_sha256 is 'SHA-256 of the request body.';
comment on column request.sent_at is 'When the request was recorded, just before it was sent.';

comment on table request_station is 'The stations of a request, as sent.';
comment on column request_station.energy_mwh is 'Energy of the month, in MWh. 0 cancels an earlier request.';

comment on table response is 'The outcome of a request. Accepted means an empty 201, nothing else.';
comment on column response.responded_at is 'When the response arrived, or when the sender stopped waiting.';
comment on column response.http_status is 'HTTP status; null without a response.';
comment on column response.body is 'Response body, at most 10,000 characters; without a response, why.';
comment on column response.duration_seconds is 'Time from sending to the response, in seconds.';

comment on table refusal is 'Stations that a refusing response names.';
comment on column refusal.is_locked is 'Whether both sides have validated the station: it can never change again.';

comment on view station_status is 'What CARBURE last acknowledged for each month and station, and its status: acknowledged, uncertain (sent since, without a clear response), locked, or refused.';
{% endmacro %}
