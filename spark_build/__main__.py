"""The command line of builds on Spark: python -m spark_build."""

from datetime import date

import click

from common.cli import Months, run_cli
from common.exit_codes import ExitCode, help_text
from spark_build.settings import SparkSettings

EXIT_CODES = {
    ExitCode.SUCCESS: "the build succeeded; warnings name the months that it left out",
    ExitCode.INCOMPLETE: "a model, a test or Spark failed; months that were not replaced keep their"
    " figures",
    ExitCode.USAGE: "an invalid option or setting",
    ExitCode.WAREHOUSE: "the warehouse is unavailable, or another build on Spark is running",
    ExitCode.INTERRUPTED: "interrupted; run the command again to complete it",
}


@click.command(epilog=help_text(EXIT_CODES))
@click.option(
    "--period",
    type=Months(),
    help="A month, or a range such as 2025-01..2025-04. The default is what `dbt build` would"
    " build.",
)
def command(period: list[date] | None) -> ExitCode:
    """Do what `dbt build` does, but judge and sum the sessions on Spark.

    Reads TIRUERT_LAKE, the folder that keeps the sessions, and libpq's variables. The cluster is
    TIRUERT_SPARK_MASTER, by default this machine.

    \b
    Example:
      TIRUERT_LAKE=s3a://bucket/lake python -m spark_build --period 2025-04
    """  # noqa: D301
    settings = SparkSettings.load()
    # Only now, because the settings say what is missing if this cannot be imported.
    from spark_build.build import build  # noqa: PLC0415

    build(settings, period)
    return ExitCode.SUCCESS


if __name__ == "__main__":
    run_cli(command, "spark_build", "Interrupted. Run the command again to complete the build.")
