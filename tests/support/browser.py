"""A headless Chromium that checks the layout of a page."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from dev.browser import MissingBrowserError, open_chromium, open_page

# Return texts and elements that exceed the window, their container or their chart. Skip hidden
# elements, and scrollable regions unless the argument is true.
CLIPPED_TEXTS = """
const width = document.documentElement.clientWidth
const clipped = []
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
        const isClipped = box.left < frame.left - 0.5 || box.right > frame.right + 0.5
            || box.top < frame.top - 3 || box.bottom > frame.bottom + 3
        if (box.width && (isOutside || isClipped)) clipped.push(element.textContent)
    }
}
for (const element of document.querySelectorAll("body *")) {
    if (element.getBoundingClientRect().right > width + 0.5 && !element.closest(".scroll, svg"))
        clipped.push(element.outerHTML.slice(0, 80))
}
return clipped
"""

# Return pairs of texts in a chart that overlap.
OVERLAPPING_TEXTS = """
const overlaps = []
for (const chart of document.querySelectorAll(".chart svg")) {
    const texts = [...chart.querySelectorAll("text")]
        .filter(text => text.getBoundingClientRect().width && text.getAttribute("opacity") !== "0")
    const boxes = texts.map(text => text.getBoundingClientRect())
    for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
        const [a, b] = [boxes[i], boxes[j]]
        const areApartX = a.left > b.right - 1 || b.left > a.right - 1
        const areApartY = a.top > b.bottom - 4 || b.top > a.bottom - 4
        if (!areApartX && !areApartY)
            overlaps.push(texts[j].textContent + " / " + texts[i].textContent)
    }
}
return overlaps
"""

# Return the texts of a page, each as a reader sees it, with the spaces that are in the file.
READ_TEXTS = """
const tags = "title, p, li, td, th, caption, h1, h2, h3, summary, dt, dd, text"
return [...document.querySelectorAll(tags)]
    .map(element => {
        const copy = element.cloneNode(true)
        copy.querySelectorAll("code, style").forEach(code => code.remove())
        return copy.textContent.trim()
    })
    .concat([...document.querySelectorAll("[aria-label]")].map(e => e.getAttribute("aria-label")))
"""

# What French typography does not allow in a text.
WRONG_TYPOGRAPHY = re.compile(
    r"""
    [^\W\d_]'                      # a typewriter's apostrophe
    | [ \n][:;!?%»]                # a line may start with the sign
    | \d[ \n][kM]?Wh\b
    | «[ \n]
    | (?:^|[\s(])-\d               # a hyphen as a minus sign
    | \d:\d\d:\d\d[.,]\d           # parts of a second
    | \d\ \d{3}(?!\d)             # a line may start in a number
    """,
    re.VERBOSE,
)


class Browser:
    """One window, which shows one page at a time."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int) -> None:
        open_page(self.driver, page, width)

    def emulate_print(self, is_printed: bool) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": "print" if is_printed else ""}
        )

    def print_to_pdf(self) -> bytes:
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        return base64.b64decode(printed["data"])

    def wrongly_typeset_texts(self) -> list[str]:
        texts = self.driver.execute_script(READ_TEXTS)
        assert texts
        return [text for text in texts if WRONG_TYPOGRAPHY.search(text)]

    def clipped_texts(self, *, include_scrollable: bool = False) -> list[str]:
        return self.driver.execute_script(CLIPPED_TEXTS, include_scrollable)

    def overlapping_texts(self) -> list[str]:
        return self.driver.execute_script(OVERLAPPING_TEXTS)

    def console_messages(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def loaded_urls(self) -> list[str]:
        """URLs that the page loaded, without its own."""
        return self.driver.execute_script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"
        )

    def link_urls(self) -> list[str]:
        return self.driver.execute_script(
            "return [...document.links].filter(a => !a.hash).map(a => a.href)"
        )

    def texts(self, selector: str) -> list[str]:
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())",
            selector,
        )


def parse_figure(text: str) -> Decimal:
    """Parse a figure such as −1 234,5 MWh."""
    return Decimal(re.sub(r"[^\d,−]", "", text).replace(",", ".").replace("−", "-"))


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Run Chromium with an empty profile in `folder`. Skip the test if it is not installed."""
    try:
        with open_chromium(folder) as driver:
            yield Browser(driver)
    except MissingBrowserError as error:
        pytest.skip(str(error))
