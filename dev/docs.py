"""Writes rules.md from the descriptions that the models have: there is no second text of a rule.

dbt reads the descriptions into its manifest; `dbt parse` makes that without a warehouse.
"""

import json
import os
import sys
from pathlib import Path

RULES = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
HEAD = """# Rules

Written by `make rules` from the descriptions in `models/docs.md`, which dbt, the database and
Metabase show too. The SQL of the rules is `models/intermediate/int_session_flags.sql`; the
thresholds are variables in `dbt_project.yml`.
"""
CHAPTERS = {
    "The seven rules: a session with any of these flags is rejected": (
        *("negs", "eneu", "enea", "odus", "enex", "duplicate", "overlap"),
    ),
    "Decided beyond them": ("invalid_energy", "invalid_time", "hidden_overlap"),
    "Why clean energy cannot be sent": ("blocking_reason", "station_blocking_reason"),
    "What a charge point's rejected sessions are likely to come from": ("likely_cause",),
    "What is known of a station at CARBURE": ("submission_state",),
}


def rules(manifest: Path) -> str:
    """Give the page, made of the doc blocks that dbt has read."""
    blocks = json.loads(manifest.read_text())["docs"]
    chapters = [
        f"\n## {title}\n" + "".join(_entry(blocks, name) for name in names)
        for title, names in CHAPTERS.items()
    ]
    return HEAD + "".join(chapters)


def _entry(blocks: dict[str, dict[str, str]], name: str) -> str:
    return f"\n**`{name}`** {blocks[f'doc.tiruert.{name}']['block_contents']}\n"


if __name__ == "__main__":
    target = Path(os.environ.get("DBT_TARGET_PATH", "target"))
    RULES.write_text(rules(target / "manifest.json"))
    sys.stdout.write(f"wrote {RULES}\n")
