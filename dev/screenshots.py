"""Take the screenshots in docs/images from the pages of the dashboards."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from dev.browser import MissingBrowserError, open_chromium, open_page, take_screenshot
from dev.postgres import PROJECT

WIDTH = 1280
MONTH = re.compile(r"\d{4}-\d{2}")


@click.command()
@click.option(
    "--pages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT / "target" / "dashboards",
    help="Output of python -m reports.dashboards render. The default is the demo's.",
)
@click.option(
    "--output",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT / "docs" / "images",
    help="Write the images here. The default is docs/images.",
)
def command(pages: Path, output: Path) -> None:
    """Take a screenshot of the index of months and of every page of the latest month."""
    try:
        with TemporaryDirectory() as profile, open_chromium(Path(profile)) as driver:
            for name, page in find_pages(pages).items():
                open_page(driver, page, WIDTH)
                image = output / f"{name}.png"
                image.write_bytes(take_screenshot(driver))
                click.echo(image)
    except MissingBrowserError as error:
        raise click.ClickException(str(error)) from None


def find_pages(pages: Path) -> dict[str, Path]:
    """Return the pages by the names of their images, which do not depend on the month."""
    months = [folder for folder in pages.iterdir() if MONTH.fullmatch(folder.name)]
    if not months:
        raise click.ClickException(f"no pages in {pages}: run make demo")
    latest = max(months)
    dashboards = latest.glob(f"*-{latest.name}.html")
    return {
        "tous-les-mois": pages / "index.html",
        "sommaire": latest / "index.html",
        **{page.stem.removesuffix(f"-{latest.name}"): page for page in sorted(dashboards)},
    }


if __name__ == "__main__":
    command(prog_name="python -m dev.screenshots")
