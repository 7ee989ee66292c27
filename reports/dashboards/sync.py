"""Compare Metabase with the specification and update it, by metabase-sync."""

from pathlib import Path
from typing import Any

from metabase_sync.apply import run
from metabase_sync.client import MetabaseClient
from metabase_sync.plan import Plan
from metabase_sync.settings import Settings

from reports.dashboards.specification import FOLDER


class FilterClient(MetabaseClient):
    """A Metabase client that connects the filters of a dashboard to its cards.

    Metabase connects a filter by the card's id, which exists only once Metabase has the card.
    metabase-sync sends filter mappings unchanged, so this client adds the id when it writes a
    dashboard and removes it when it reads one.
    """

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Add the card's id to each filter mapping."""
        for dashcard in body.get("dashcards", []):
            for mapping in dashcard["parameter_mappings"]:
                mapping["card_id"] = dashcard["card_id"]
        return super().put(path, body)

    def get_dashboard(self, did: int) -> dict[str, Any]:
        """Remove the card's id from each filter mapping, because the specification has none."""
        dashboard = super().get_dashboard(did)
        for dashcard in dashboard.get("dashcards", []):
            for mapping in dashcard.get("parameter_mappings") or []:
                mapping.pop("card_id", None)
        return dashboard


def plan(settings: Settings, folder: Path = FOLDER) -> Plan:
    """Return the differences between the specification and Metabase."""
    with _client(settings) as client:
        return run(client, folder, mode="plan")


def apply(settings: Settings, planned: Plan, folder: Path = FOLDER) -> None:
    """Apply a plan. Fails if Metabase has changed since the plan was made.

    Writes the ids that Metabase assigns into the specification. Commit them: they are the only
    way to find a card again.
    """
    with _client(settings) as client:
        run(client, folder, mode="apply", concurrency_snapshot=planned.concurrency_snapshot)


def _client(settings: Settings) -> FilterClient:
    return FilterClient(
        settings.metabase_url,
        settings.metabase_api_key,
        timeout_s=settings.http_timeout_s,
        max_retries=settings.http_max_retries,
        retry_backoff_s=settings.http_retry_backoff_s,
        headers=settings.metabase_headers,
    )
