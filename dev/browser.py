"""A headless Chromium, for tests and screenshots of pages."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new",
    # Chromium's sandbox does not work as root, for example in a container.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class MissingBrowserError(Exception):
    """Chromium or its driver is not installed."""


@contextmanager
def open_chromium(profile: Path) -> Iterator[Chrome]:
    """Run Chromium with a profile in an empty folder."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        raise MissingBrowserError(
            "needs chromium and chromedriver (Debian: chromium, chromium-driver)"
        )
    options = ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(programs[1]))
    try:
        yield driver
    finally:
        driver.quit()


def open_page(driver: Chrome, page: Path, width: int) -> None:
    """Show a page in a window of that width."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    driver.get(page.as_uri())


def take_screenshot(driver: Chrome) -> bytes:
    """Return the whole open page as PNG."""
    width, height = driver.execute_script(
        "return [innerWidth, document.body.getBoundingClientRect().bottom]"
    )
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip}
    )
    return base64.b64decode(taken["data"])
