"""Write the folder: five CSV files and `index.html`."""

import os
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from common.errors import WarehouseError
from reports.errors import NoDataError
from reports.operator.acknowledgement import sum_up
from reports.operator.corrections import collect_corrections
from reports.operator.csv_tables import (
    BLOCKED_SESSIONS,
    CHANGES,
    REJECTED_SESSIONS,
    REQUEST_STATIONS,
    STATIONS,
)
from reports.operator.csv_writer import write_csv
from reports.operator.index_page import PageContent, write_index
from reports.operator.marts import Marts, QueryRow
from reports.operator.request_summary import RequestSummary, collect_requests
from reports.operator.rule_examples import collect_examples


def write_folder(marts: Marts, parent: Path, contact: str) -> Path:
    """Write the folder into `parent` and return its path. Replace files of an earlier run.

    The files appear only once all of them are complete. The page shows `contact` if it has text.
    """
    folder = parent / folder_name(marts.period, marts.siren)
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".explication-", dir=parent) as unfinished:
        _write_files(Path(unfinished), marts, contact)
        folder.mkdir(exist_ok=True)
        for file in Path(unfinished).iterdir():
            os.replace(file, folder / file.name)
    return folder


def folder_name(period: date, siren: str) -> str:
    """Name the folder. An invalid SIREN may contain characters that are unsafe in a path."""
    return f"explication-{period:%Y-%m}-{re.sub('[^0-9A-Za-z]+', '_', siren)}"


def _write_files(folder: Path, marts: Marts, contact: str) -> None:
    """Write the CSV files first, because the page shows what is collected on the way."""
    timestamps = marts.first_row("timestamps")
    if timestamps is None:
        raise WarehouseError(f"{marts.period:%Y-%m} has not been built: run dbt build")
    stations = list(marts.rows(STATIONS.query))
    changes = list(marts.rows(CHANGES.query))
    examples: dict[str, QueryRow] = {}
    requests: dict[tuple[int, str | None], RequestSummary] = {}
    for table, rows in (
        (REQUEST_STATIONS, collect_requests(marts.rows(REQUEST_STATIONS.query), requests)),
        (STATIONS, stations),
        (CHANGES, changes),
        (BLOCKED_SESSIONS, marts.rows(BLOCKED_SESSIONS.query)),
        (REJECTED_SESSIONS, collect_examples(marts.rows(REJECTED_SESSIONS.query), examples)),
    ):
        write_csv(folder / table.file, table, rows)
    if not (stations or requests):
        raise NoDataError(marts.siren, marts.period)
    balance = marts.first_row("balance")
    reasons = list(marts.rows("reasons"))
    content = PageContent(
        period=marts.period,
        siren=marts.siren,
        contact=contact,
        timestamps=timestamps,
        balance=balance,
        acknowledgement=sum_up(stations, balance.sendable_kwh),
        former_stations=marts.first_row("former_stations"),
        reasons=reasons,
        corrections=collect_corrections(marts.rows("unsent_sessions"), reasons),
        anomalous_charge_points=list(marts.rows("anomalous_charge_points")),
        examples=examples,
        stations=stations,
        changes=changes,
        requests=list(requests.values()),
    )
    write_index(folder / "index.html", content)
