"""What Metabase has of the specification, and bringing it there, by metabase-sync."""

from pathlib import Path
from typing import Any

from metabase_sync.apply import run
from metabase_sync.client import MetabaseClient
from metabase_sync.plan import Plan
from metabase_sync.settings import Settings

from reports.dashboards.specification import FOLDER


class ConnectingClient(MetabaseClient):
    """Metabase's API, with the filters of a dashboard connected to its cards.

    Metabase connects them by the card's number, which it gives to a card when it makes it, and
    metabase-sync sends mappings as they are written: so the number is added on the way there, and
    taken away on the way back.
    """

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Add to each mapping the number of its card."""
        for card in body.get("dashcards", []):
            for mapping in card["parameter_mappings"]:
                mapping["card_id"] = card["card_id"]
        return super().put(path, body)

    def get_dashboard(self, did: int) -> dict[str, Any]:
        """Leave the numbers out, as the specification does."""
        dashboard = super().get_dashboard(did)
        for card in dashboard.get("dashcards", []):
            for mapping in card.get("parameter_mappings") or []:
                mapping.pop("card_id", None)
        return dashboard


def plan(settings: Settings, folder: Path = FOLDER) -> Plan:
    """Say what Metabase lacks or has otherwise."""
    with _client(settings) as client:
        return run(client, folder, mode="plan")


def apply(settings: Settings, planned: Plan, folder: Path = FOLDER) -> None:
    """Do what was planned, unless somebody has changed something in Metabase since.

    Writes into the specification the ids that Metabase gives: they are to be committed, because a
    card is found again by its id alone.
    """
    with _client(settings) as client:
        run(client, folder, mode="apply", concurrency_snapshot=planned.concurrency_snapshot)


def _client(settings: Settings) -> ConnectingClient:
    return ConnectingClient(
        settings.metabase_url,
        settings.metabase_api_key,
        timeout_s=settings.http_timeout_s,
        max_retries=settings.http_max_retries,
        retry_backoff_s=settings.http_retry_backoff_s,
        headers=settings.metabase_headers,
    )
