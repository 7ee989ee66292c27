"""The files that a run writes: the payload, and its result as JSON."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from common.errors import SettingsError, UserError
from common.exit_codes import ExitCode
from sender.summary import SummaryRow


@dataclass
class Result:
    """What `--report` contains. Rows are empty if the run ended before they were known."""

    run_id: UUID | None = None
    exit_code: ExitCode = ExitCode.INTERRUPTED
    error: str | None = None
    plan: list[SummaryRow] = field(default_factory=list)
    lines: list[SummaryRow] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the result as one JSON object."""
        result = {
            "run_id": self.run_id,
            "exit_code": int(self.exit_code),
            "error": self.error,
            "plan": [row._asdict() for row in self.plan],
            "lines": [row._asdict() for row in self.lines],
        }
        return json.dumps(result, default=str, ensure_ascii=False)


@contextmanager
def reported(path: Path | None) -> Iterator[Result]:
    """Yield a result to fill, and write it to `path` even if the block raises an error."""
    if path is not None:
        check_writable(path)
    result = Result()
    try:
        yield result
    except UserError as error:
        result.exit_code, result.error = error.exit_code, error.format_message()
        raise
    except KeyboardInterrupt:
        result.exit_code, result.error = ExitCode.INTERRUPTED, "interrupted"
        raise
    finally:
        if path is not None:
            write_file(path, [result.to_json()])


def check_writable(path: Path) -> None:
    """Fail before anything is sent if a file cannot be written. Raises SettingsError."""
    if _is_replaceable(path):
        _write(_temporary(path), path, [])
        _temporary(path).unlink()


def write_file(path: Path, parts: Iterable[str]) -> None:
    """Write a file under a temporary name and rename it, so that readers never see a part of it.

    Raises SettingsError.
    """
    if _is_replaceable(path):
        _write(_temporary(path), path, parts)
        _temporary(path).replace(path.resolve())
    else:
        _write(path, path, parts)


def _is_replaceable(path: Path) -> bool:
    """Return whether the path is not something like /dev/stdout."""
    return path.is_file() or not path.exists()


def _temporary(path: Path) -> Path:
    # A link stays, and the file that it points to is replaced.
    return path.resolve().with_name(f".{path.name}.{os.getpid()}")


def _write(file: Path, path: Path, parts: Iterable[str]) -> None:
    try:
        with file.open("w", encoding="utf-8") as text:
            text.writelines(parts)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error
