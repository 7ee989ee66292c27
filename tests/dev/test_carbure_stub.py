"""The CARBURE stub responds as CARBURE is known to respond."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import requests

from dev.carbure_stub import CarbureStub, Fault, running

BULK_CREATE = "/api/elec/provision-certificates-qualicharge/bulk-create/"
UNKNOWN_ERROR = {"status": "error", "error": "UNKNOWN_ERROR"}
ERROR_WITHOUT_REASON = {"status": "validation_error", "errors": []}
APRIL = (date(2025, 4, 1), date(2025, 4, 30))
AS_JSON = {"Content-Type": "application/json"}
MISSING = object()


@pytest.fixture
def stub():
    return CarbureStub(key_calls_per_second=1000, user_calls_per_second=1000)


@pytest.fixture
def root_url(stub):
    with running(stub) as url:
        yield url


@pytest.fixture
def key_only(stub):
    return {"X-API-KEY": stub.api_key}


@pytest.fixture
def call(root_url):
    def _call(method, path, timeout=5, **options):
        return requests.request(
            method, root_url + path, timeout=timeout, allow_redirects=False, **options
        )

    return _call


@pytest.fixture
def tokens(stub, call, key_only):
    credentials = {"email": stub.email, "password": stub.password}
    return call("POST", "/api/token/", json=credentials, headers=key_only).json()


@pytest.fixture
def send(call, tokens, key_only):
    """Post a payload, passed as `json` or `data`, to bulk-create as the sender does."""
    headers = key_only | {"Authorization": f"Bearer {tokens['access']}"}

    def _send(*, more_headers=None, **options):
        return call("POST", BULK_CREATE, headers=headers | (more_headers or {}), **options)

    return _send


def changed(original, changes):
    result = original | changes
    return {name: value for name, value in result.items() if value is not MISSING}


def station(station_id="FRS01P0001", **changes):
    return changed({"id": station_id, "energy": 1.5, "is_controlled": False}, changes)


def unit(*stations, **changes):
    april = {"from": "2025-04-01", "to": "2025-04-30"}
    return changed({"code": "FRS01"} | april | {"stations": list(stations)}, changes)


def item(*units, **changes):
    entity = {"entity": "Opérateur Un", "siren": "100000001"}
    return changed(entity | {"operational_units": list(units)}, changes)


def payload_with(station_changes=None, unit_changes=None, item_changes=None):
    only_station = changed(station(), station_changes or {})
    return [changed(item(changed(unit(only_station), unit_changes or {})), item_changes or {})]


# Authentication and rate limits


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"password": "another"}, 401),
        ({"email": "nobody@example.org"}, 401),
        ({"api_key": None}, 403),
        ({"api_key": "another"}, 403),
    ],
)
def test_wrong_credentials_are_refused(stub, call, changes, status):
    valid = {name: getattr(stub, name) for name in ("email", "password", "api_key")}
    credentials = valid | changes
    headers = {"X-API-KEY": credentials.pop("api_key")}
    response = call("POST", "/api/token/", json=credentials, headers=headers)
    assert response.status_code == status
    assert set(response.json()) == {"detail"}


def test_refresh_returns_only_an_access_token(call, key_only, tokens, send):
    assert set(tokens) == {"refresh", "access"}
    refresh = {"refresh": tokens["refresh"]}
    response = call("POST", "/api/token/refresh/", json=refresh, headers=key_only)
    assert set(response.json()) == {"access"}
    renewed = {"Authorization": f"Bearer {response.json()['access']}"}
    assert send(json=[], more_headers=renewed).status_code == 201


@pytest.mark.parametrize("kind", ["garbage", "access"])
def test_refresh_refuses_other_tokens(call, key_only, tokens, kind):
    refresh = {"refresh": tokens.get(kind, kind)}
    response = call("POST", "/api/token/refresh/", json=refresh, headers=key_only)
    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": None, "X-API-KEY": None}, 401, None),
        ({"Authorization": "bearer {access}"}, 401, None),
        ({"Authorization": "Bearer garbage", "X-API-KEY": None}, 401, "token_not_valid"),
        ({"Authorization": "Bearer {refresh}"}, 401, "token_not_valid"),
        ({"Authorization": "Bearer {access}", "X-API-KEY": None}, 403, None),
        ({"Authorization": "Bearer {access}", "X-API-KEY": "another"}, 403, None),
    ],
)
def test_token_is_checked_before_the_api_key(send, tokens, headers, status, code):
    headers = {name: value and value.format(**tokens) for name, value in headers.items()}
    response = send(json=[], more_headers=headers)
    assert (response.status_code, response.json().get("code")) == (status, code)
    assert response.json()["detail"]


def test_access_token_expires_before_its_refresh_token(stub, call, key_only, send, tokens):
    stub.access_token_seconds = 0
    refresh = {"refresh": tokens["refresh"]}
    renewed = call("POST", "/api/token/refresh/", json=refresh, headers=key_only)
    assert renewed.status_code == 200
    expired = {"Authorization": f"Bearer {renewed.json()['access']}"}
    response = send(json=[], more_headers=expired)
    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_entities_require_only_the_api_key_and_can_be_filtered(stub, call, key_only):
    biofuel = {"id": 3, "name": "Raffineur", "entity_type": "Producteur", "registration_id": "3"}
    disabled = stub.entities[0] | {"id": 4, "is_enabled": False}
    stub.entities += [biofuel, disabled]
    path = "/api/resources/entities"
    filters = {"is_enabled": "true", "entity_type": "Charge Point Operator"}

    assert call("GET", path).status_code == 403
    everything = call("GET", path, headers=key_only).json()
    assert [entity["id"] for entity in everything] == [1, 2, 3, 4]
    operators = call("GET", path, headers=key_only, params=filters).json()
    assert operators == stub.entities[:2]


def test_key_calls_and_user_calls_have_separate_rate_limits(stub, call, key_only, send):
    stub.key_calls_per_second, stub.user_calls_per_second = 0, 1
    refused = call("GET", "/api/resources/entities", headers=key_only)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert [send(json=[]).status_code for _ in range(2)] == [201, 429]
    time.sleep(1)
    assert send(json=[]).status_code == 201


# Routes


@pytest.mark.parametrize("path", ["/api/nowhere/", "/api/resources/entities/"])
def test_wrong_path_returns_a_page_for_get_and_an_empty_405_for_post(call, key_only, path):
    page = call("GET", path, headers=key_only)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    response = call("POST", path, headers=key_only, json={})
    assert (response.status_code, response.content) == (405, b"")


@pytest.mark.parametrize("path", ["/api/token", "/api/token/refresh", BULK_CREATE.rstrip("/")])
def test_post_without_trailing_slash_is_redirected(call, key_only, path):
    response = call("POST", path, headers=key_only, json={})
    assert response.status_code == 301
    assert response.headers["Location"].endswith(f"{path}/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/elec/provision-certificates/bulk-create/"),
        ("GET", "/api/elec/provision-certificates/?source=QUALICHARGE"),
    ],
)
def test_routes_of_2025_are_refused(call, key_only, method, path):
    assert call(method, path, headers=key_only).status_code == 403


def test_certificates_cannot_be_read_back(call, key_only):
    assert call("GET", BULK_CREATE, headers=key_only).status_code == 405


# Payloads


def test_success_has_no_body_and_no_content_type(stub, send):
    response = send(json=payload_with())
    assert (response.status_code, response.content) == (201, b"")
    assert "Content-Type" not in response.headers
    (row,) = stub.rows
    assert row.key == ("FRS01P0001", *APRIL)
    assert (row.siren, row.entity_id, row.unit_code) == ("100000001", 1, "FRS01")
    assert (row.energy_mwh, row.is_controlled) == (1.5, False)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        [item()],
        [item(unit())],
        [item(unit(stations=MISSING))],
    ],
)
def test_payload_without_stations_is_accepted(stub, send, payload):
    assert send(json=payload).status_code == 201
    assert stub.rows == []


@pytest.mark.parametrize(
    "changes",
    [
        {"item_changes": {"siren": "1234567890123456"}},
        {"item_changes": {"siren": "ABCDEFGHI"}},
        {"item_changes": {"siren": "999999999"}},
    ],
)
def test_unknown_siren_is_stored_without_entity(stub, send, changes):
    assert send(json=payload_with(**changes)).status_code == 201
    assert [row.entity_id for row in stub.rows] == [None]


@pytest.mark.parametrize(
    "changes",
    [
        {"item_changes": {"entity": "Anything"}},
        {"unit_changes": {"code": "frpd1"}},
        {"unit_changes": {"code": "12345"}},
        {"station_changes": {"id": "FRPD1PX"}},
        {"station_changes": {"id": "FRS01P" + "0" * 58}},
        {"station_changes": {"energy": -5}},
        {"station_changes": {"energy": 0}},
        {"station_changes": {"energy": 1e308}},
        {"station_changes": {"energy": "12.5"}},
        {"unit_changes": {"from": "2025-04-30", "to": "2025-04-01"}},
        {"unit_changes": {"from": "2024-01-01", "to": "2099-12-31"}},
    ],
)
def test_implausible_values_are_accepted(stub, send, changes):
    assert send(json=payload_with(**changes)).status_code == 201
    assert len(stub.rows) == 1


@pytest.mark.parametrize(
    ("level", "field", "value"),
    [
        ("item_changes", "entity", ""),
        ("item_changes", "entity", MISSING),
        ("item_changes", "siren", "12345678"),
        ("item_changes", "siren", None),
        ("item_changes", "siren", MISSING),
        ("unit_changes", "code", "FRS0"),
        ("unit_changes", "code", "FRS011"),
        ("unit_changes", "from", "2025-04-31"),
        ("unit_changes", "to", MISSING),
        ("station_changes", "id", "DES01P0001"),
        ("station_changes", "id", "XFRS01P0001"),
        ("station_changes", "id", "FRs01P0001"),
        ("station_changes", "id", "FRS01E0001"),
        ("station_changes", "id", "FRS01P"),
        ("station_changes", "energy", "12,5"),
        ("station_changes", "energy", None),
        ("station_changes", "energy", MISSING),
        ("station_changes", "is_controlled", None),
        ("station_changes", "is_controlled", MISSING),
    ],
)
def test_invalid_field_is_named_and_nothing_is_stored(stub, send, level, field, value):
    good = item(unit(station("FRS02P0001")), siren="200000002")
    response = send(json=[good, *payload_with(**{level: {field: value}})])
    assert response.status_code == 400
    assert response.json()["status"] == "validation_error"
    (error,) = response.json()["errors"]
    assert (error["index"], error["field"]) == ("1", field)
    assert stub.rows == []


def test_errors_are_located_by_station_or_by_siren(send):
    response = send(json=[item(unit(station("bad")), siren="short", entity="Operator")])
    by_siren, by_station = response.json()["errors"]
    assert by_siren.pop("errors")
    assert by_station.pop("errors")
    assert by_siren == {"index": "0", "entity": "Operator", "siren": "short", "field": "siren"}
    assert by_station == {
        "index": "0",
        "entity": "Operator",
        "unit_code": "FRS01",
        "station_id": "bad",
        "field": "id",
    }


@pytest.mark.parametrize("payload", [[{}], [item(operational_units=MISSING)]])
def test_wrong_top_level_is_refused_without_a_reason(send, payload):
    response = send(json=payload)
    assert (response.status_code, response.json()) == (400, ERROR_WITHOUT_REASON)


@pytest.mark.parametrize(
    "payload",
    [
        item(unit(station())),
        {},
        ["FRS01P0001"],
        payload_with(unit_changes={"stations": None}),
        payload_with(station_changes={"id": "FRS01P" + "0" * 59}),
        payload_with(item_changes={"siren": "12345678901234567"}),
        [item(unit(**{"from": "2031-01-01", "to": "2031-01-31"}))],
        [item(unit(station("FRS01P0001"), station("FRS01P0002", energy="Infinity")))],
    ],
)
def test_malformed_data_returns_unknown_error_and_stores_nothing(stub, send, payload):
    response = send(json=payload)
    assert (response.status_code, response.json()) == (500, UNKNOWN_ERROR)
    assert stub.rows == []


@pytest.mark.parametrize(
    ("energy", "status", "key"),
    [("NaN", 400, "detail"), ("-Infinity", 400, "detail"), ("1e400", 500, "error")],
)
def test_non_json_numbers_are_refused(send, energy, status, key):
    body = json.dumps(payload_with(station_changes={"energy": 1.5})).replace("1.5", energy)
    response = send(data=body, more_headers=AS_JSON)
    assert response.status_code == status
    assert key in response.json()


def test_null_payload_is_refused(send):
    response = send(data="null", more_headers=AS_JSON)
    assert (response.status_code, response.json()) == (500, UNKNOWN_ERROR)


def test_form_is_accepted_but_not_stored(stub, send):
    assert send(data={"payload": "anything"}).status_code == 201
    assert stub.rows == []


def test_chunked_body_is_read_as_empty(stub, send):
    chunks = iter([b"[", b"]"])
    response = send(data=chunks, more_headers=AS_JSON)
    assert (response.status_code, response.json()) == (500, UNKNOWN_ERROR)


@pytest.mark.parametrize(("excess_bytes", "status"), [(0, 201), (1, 400)])
def test_body_over_ten_mebibytes_is_refused(send, excess_bytes, status):
    body = b"[]".ljust(10 * 1024 * 1024 + excess_bytes)
    response = send(data=body, more_headers=AS_JSON)
    assert response.status_code == status
    assert response.headers.get("Content-Type", "").startswith("text/html") == (status == 400)


# Stored rows


def test_repost_updates_all_but_the_validation_and_deletes_nothing(stub, send):
    send(json=[item(unit(station("FRS01P0001"), station("FRS01P0002")))])
    stub.rows[0].is_validated_by_dgec = True
    new = station("FRS01P0001", energy=0, is_controlled=True)
    assert send(json=[item(unit(new, code="FRS02"), siren="200000002")]).status_code == 201
    updated, untouched = stub.rows
    assert (updated.siren, updated.entity_id, updated.unit_code) == ("200000002", 2, "FRS02")
    assert (updated.energy_mwh, updated.is_controlled) == (0, True)
    assert (updated.is_validated_by_dgec, updated.is_validated_by_operator) == (True, False)
    assert untouched.energy_mwh == 1.5


def test_different_last_day_adds_a_row(stub, send):
    send(json=payload_with())
    send(json=payload_with(unit_changes={"to": "2025-04-29"}))
    assert [row.last_day.day for row in stub.rows] == [30, 29]


@pytest.mark.parametrize(
    "payload",
    [
        [item(unit(station(), station()))],
        [item(unit(station()), unit(station(), code="FRS02"))],
        [item(unit(station())), item(unit(station()), siren="200000002")],
    ],
)
def test_repeated_key_leaves_two_rows_and_a_repost_updates_one(stub, send, payload):
    assert send(json=payload).status_code == 201
    send(json=payload_with(station_changes={"energy": 7}))
    assert sorted(row.energy_mwh for row in stub.rows) == [1.5, 7]


def test_concurrent_posts_of_one_key_leave_two_rows(stub, send):
    stub.faults.extend([Fault(delay_seconds=0.2)] * 2)
    with ThreadPoolExecutor(2) as pool:
        responses = pool.map(lambda _: send(json=payload_with()), range(2))
        assert [response.status_code for response in responses] == [201, 201]
    assert [row.key for row in stub.rows] == [("FRS01P0001", *APRIL)] * 2


def test_locked_rows_are_listed_and_the_whole_request_is_refused(stub, send):
    locked = ["FRS01P0001", "FRS01P0002"]
    send(json=[item(unit(*map(station, locked)))])
    for station_id in locked:
        stub.lock(station_id, *APRIL)
    posted = [station(station_id, energy=9) for station_id in locked]
    other = item(unit(station("FRS02P0001")), siren="200000002")

    response = send(json=[other, item(unit(*posted))])

    assert (response.status_code, response.json()["status"]) == (400, "error")
    assert [error["station_id"] for error in response.json()["errors"]] == locked
    text = "Provision certificate already validated and created"
    assert {error["error"] for error in response.json()["errors"]} == {text}
    assert [row.energy_mwh for row in stub.rows] == [1.5, 1.5]


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "row_count"),
    [
        (Fault(), 201, 1),
        (Fault(status=500, body=UNKNOWN_ERROR), 500, 0),
        (Fault(status=502, body="<h1>Bad Gateway</h1>", after_storing=True), 502, 1),
        (Fault(status=429, body={"detail": "Later."}), 429, 0),
    ],
)
def test_fault_affects_one_request(stub, send, fault, status, row_count):
    stub.faults.append(fault)
    response = send(json=payload_with())
    assert (response.status_code, len(stub.rows)) == (status, row_count)
    assert response.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert send(json=payload_with()).status_code == 201


@pytest.mark.parametrize("after_storing", [False, True])
def test_connection_is_dropped_before_or_after_storing(stub, send, capfd, after_storing):
    stub.faults.append(Fault(drops_connection=True, after_storing=after_storing))
    with pytest.raises(requests.ConnectionError):
        send(json=payload_with())
    assert len(stub.rows) == after_storing
    assert stub.requests_received[-1] == ("POST", BULK_CREATE, None, 1)
    assert capfd.readouterr().err == ""


def test_client_timeout_does_not_cancel_the_write(stub, send, capfd):
    stub.faults.append(Fault(delay_seconds=0.3))
    with pytest.raises(requests.ReadTimeout):
        send(json=payload_with(), timeout=0.1)
    assert stub.rows == []
    time.sleep(0.4)
    assert len(stub.rows) == 1
    assert capfd.readouterr().err == ""


def test_requests_are_recorded_with_their_station_count(stub, send):
    send(json=[item(unit(station("FRS01P0001"), station("bad")), unit(station("FRS01P0003")))])
    assert stub.requests_received == [
        ("POST", "/api/token/", 200, 0),
        ("POST", BULK_CREATE, 400, 3),
    ]
