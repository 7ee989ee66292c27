"""Send a month from the demo. The outcome fits one line."""

import json
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

from dev.database import CommandError, Database

# The statuses of stations for which a run has nothing to do.
AT_REST = ("unchanged", "no_energy")


class Outcome(NamedTuple):
    """The number of stations by status, and the exit code of the sender."""

    stations: Counter[str]
    exit_code: int

    def __str__(self) -> str:
        """Format the outcome, such as `69 accepted, 1 refused (exit code 1)`."""
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.stations.items()))
        return f"{counts or 'nothing to send'} (exit code {self.exit_code})"


def arguments(month: date) -> tuple[str, ...]:
    """Return the arguments with which Python sends a month."""
    return "-m", "sender", "--period", f"{month:%Y-%m}"


def send(sender: Database, month: date) -> Outcome:
    """Send a month without showing the sender's log.

    Raises CommandError with the log if the run ended with an error, but not if CARBURE refused
    stations.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        finished = sender.run("python", *arguments(month), "--report", str(report))
        result = json.loads(report.read_text()) if report.exists() else {"error": "no report"}
    if result["error"]:
        raise CommandError(f"the sender failed:\n{finished.stdout}{finished.stderr}")
    stations: Counter[str] = Counter()
    for row in result["lines"]:
        if row["status"] not in AT_REST:
            stations[row["status"]] += row["stations"]
    return Outcome(stations, finished.returncode)
