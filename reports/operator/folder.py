"""The folder that can be mailed, whole or not there."""

import os
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common.errors import WarehouseError
from reports.operator import page, spreadsheet
from reports.operator.errors import NothingKnownError
from reports.operator.examples import keep_largest
from reports.operator.marts import Marts
from reports.operator.sendings import Sending, add_up
from reports.operator.tables import BLOCKED_SESSIONS, REJECTED_SESSIONS, STATIONS, SUBMISSIONS


def name(period: date, siren: str) -> str:
    """Name the folder; a SIREN that is none may have characters that no folder should have."""
    return f"explication-{period:%Y-%m}-{re.sub('[^0-9A-Za-z]+', '_', siren)}"


def write(marts: Marts, parent: Path) -> Path:
    """Write the folder in `parent`, in the place of what an earlier run wrote there."""
    folder = parent / name(marts.period, marts.siren)
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".explication-", dir=parent) as unfinished:
        _fill(Path(unfinished), marts)
        folder.mkdir(exist_ok=True)
        for file in Path(unfinished).iterdir():
            os.replace(file, folder / file.name)
    return folder


def _fill(folder: Path, marts: Marts) -> None:
    """Write the tables, and then the page of what was seen on the way."""
    moment = marts.row("moment")
    if moment is None:
        raise WarehouseError(f"{marts.period:%Y-%m} has not been built: run dbt build")
    balance = marts.row("balance")
    stations = list(marts.rows(STATIONS.query))
    examples: dict[str, Any] = {}
    sendings: dict[Any, Sending] = {}
    for table, rows in (
        (SUBMISSIONS, add_up(marts.rows(SUBMISSIONS.query), sendings)),
        (STATIONS, stations),
        (BLOCKED_SESSIONS, marts.rows(BLOCKED_SESSIONS.query)),
        (REJECTED_SESSIONS, keep_largest(marts.rows(REJECTED_SESSIONS.query), examples)),
    ):
        spreadsheet.write(folder / table.file, table, rows)
    if not (stations or sendings):
        raise NothingKnownError(marts.period, marts.siren)
    content = page.Content(
        period=marts.period,
        siren=marts.siren,
        moment=moment,
        balance=balance,
        reasons=list(marts.rows("reason_labels")),
        examples=examples,
        stations=stations,
        sendings=list(sendings.values()),
    )
    (folder / "index.html").write_text(page.render(content), encoding="utf-8")
