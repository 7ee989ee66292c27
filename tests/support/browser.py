"""A headless Chromium that tells what a page says, asks for and cuts off."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new",
    # Root, as in a container, may not have a sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Elements whose text does not fit: into the window, into themselves, or into their chart. What is
# in a region that scrolls is there to be scrolled; what is hidden is not seen.
CUT_OFF = """
const width = document.documentElement.clientWidth
const cut = []
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || element.matches("caption, .skip")) continue
    const range = document.createRange()
    range.selectNodeContents(walker.currentNode)
    for (const box of range.getClientRects()) {
        if (element.closest(".scroll") && !arguments[0]) continue
        const frame = (element.closest("svg, td, th, .card, li, p") || document.body)
            .getBoundingClientRect()
        const isOutside = box.left < -0.5 || box.right > width + 0.5
        const isCut = box.left < frame.left - 0.5 || box.right > frame.right + 0.5
            || box.top < frame.top - 3 || box.bottom > frame.bottom + 3
        if (box.width && (isOutside || isCut)) cut.push(element.textContent)
    }
}
for (const element of document.querySelectorAll("body *")) {
    if (element.getBoundingClientRect().right > width + 0.5 && !element.closest(".scroll, svg"))
        cut.push(element.outerHTML.slice(0, 80))
}
return cut
"""

# Texts of a chart that lie on each other.
COLLISIONS = """
const collisions = []
for (const chart of document.querySelectorAll(".chart svg")) {
    const texts = [...chart.querySelectorAll("text")]
        .filter(text => text.getBoundingClientRect().width && text.getAttribute("opacity") !== "0")
    const boxes = texts.map(text => text.getBoundingClientRect())
    for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
        const [a, b] = [boxes[i], boxes[j]]
        const areBeside = a.left > b.right - 1 || b.left > a.right - 1
        const areBelow = a.top > b.bottom - 4 || b.top > a.bottom - 4
        if (!areBeside && !areBelow)
            collisions.push(texts[j].textContent + " / " + texts[i].textContent)
    }
}
return collisions
"""


class Browser:
    """One window, that shows a page at a time."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        self.driver.get(page.as_uri())

    def show_as_printed(self, is_printed: bool) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": "print" if is_printed else ""}
        )

    def cut_off(self, *, scrolled_too: bool = False) -> list[str]:
        return self.driver.execute_script(CUT_OFF, scrolled_too)

    def collisions(self) -> list[str]:
        return self.driver.execute_script(COLLISIONS)

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """What the page asked for, beside itself."""
        return self.driver.execute_script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"
        )

    def texts(self, selector: str) -> list[str]:
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())",
            selector,
        )


@contextmanager
def opened(folder: Path) -> Iterator[Browser]:
    """Run Chromium with an empty profile in `folder`; skip the test where there is none."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    options = ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(programs[1]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
