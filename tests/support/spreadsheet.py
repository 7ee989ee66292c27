"""LibreOffice as the spreadsheet of a French reader: opens a CSV file and computes with it."""

import csv
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MAX_SECONDS = 120
FRENCH, ENGLISH = 1036, 1033
# Semicolons, UTF-8, a locale, texts that look like dates are dates, formulas are computed.
OPEN = f"CSV:59,34,76,1,,{FRENCH},false,true,false,false,false,0,true"
# The same, but numbers with all digits, not as shown in the cell.
SAVE = f"csv:Text - txt - csv (StarCalc):59,34,76,1,,{ENGLISH},false,false"


def compute(
    file: Path, formula: Callable[[str], str], columns: list[str], folder: Path
) -> list[dict[str, str]]:
    """Return the results of a formula for the cells of some columns, computed by LibreOffice.

    `formula` gets the address of a cell. Skip the test if LibreOffice is not installed.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        header, *rows = csv.reader(text, delimiter=";")
    addresses = {column: _column_letters(header.index(column)) for column in columns}
    opened = folder / file.name
    with opened.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow([*header, *columns])
        for number, row in enumerate(rows, start=2):
            formulas = [formula(f"{letters}{number}") for letters in addresses.values()]
            writer.writerow([*row, *(f"={text}" for text in formulas)])
    saved = _open_and_save(opened, folder)
    with saved.open(encoding="utf-8", newline="") as text:
        _, *results = csv.reader(text, delimiter=";")
    assert len(results) == len(rows)
    return [dict(zip(columns, row[len(header) :], strict=True)) for row in results]


def _column_letters(index: int) -> str:
    """Return the name of a column: A to Z, then AA."""
    return (chr(64 + index // 26) if index >= 26 else "") + chr(65 + index % 26)


def _open_and_save(file: Path, folder: Path) -> Path:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("needs soffice (Debian: libreoffice-calc-nogui)")
    output = folder / "saved"
    process = subprocess.Popen(
        [
            *(program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"),
            *(f"--infilter={OPEN}", "--convert-to", SAVE, "--outdir", str(output), str(file)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        messages, _ = process.communicate(timeout=MAX_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, messages
    return output / file.name
