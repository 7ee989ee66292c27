"""The command line of the demo."""

import shutil
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from psycopg2 import sql

from dev import carbure_stub, generator, postgres, qualicharge, sample
from dev.database import CommandError, Database
from dev.dbt import dbt_variables
from dev.demo import docs_site, incidents, overhead, submission, summary
from dev.qualicharge import Source

# Two executors, each a process with one core and 1 GB.
CLUSTER = "local-cluster[2,1,1024]"
# Small builds end before fast code pays. One thread of garbage collection is enough, and with less
# memory for compiled code than by default, Java would drop some and compile it again.
SHORT_LIVED_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m"
STATION_ENERGY = """
    select period, id_station_itinerance, siren, operational_unit_code, energy_mwh
    from tiruert.station_energy_monthly order by period, id_station_itinerance
"""


@click.group()
def cli() -> None:
    """Run the project on a private PostgreSQL, against a CARBURE stub."""


@cli.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of QualiCharge's public sample, to use instead of generated sessions.",
)
@click.option("--period", type=click.DateTime(["%Y-%m"]), help="Send only this month.")
def run(data: Path | None, period: datetime | None) -> None:
    """Load sessions, build the marts, send them to the stub, play incidents, and render pages.

    Example: python -m dev.demo run --data ../shared/data --period 2024-12
    """
    source = _read_source(data)
    with _server() as database:
        _log(f"loading {len(source.session):,} sessions into QualiCharge's tables")
        with database.connection() as connection:
            qualicharge.create_tables(connection)
            qualicharge.load(connection, source)
        _drop_warehouse(database)
        _run_step(database, "dbt", "--quiet", "build")
        months = _months_to_send(database, period)
        stub = _create_stub(source, months)
        siren = incidents.largest_siren(database, months[-1])
        incidents.enable(stub, siren, is_enabled=False)
        with carbure_stub.running(stub) as root_url:
            sender = database.with_variables(**_credentials(stub, root_url))
            for month in months:
                _send(sender, month)
            for line in summary.lines(database, months, stub.rows):
                click.echo(line)
            _log("playing incidents of a submission")
            for line in incidents.Incidents(sender, stub, months[-1], siren).lines():
                click.echo(line)
        # Last, so that the pages show the incidents.
        _render(database, months)
        click.echo(summary.NEXT_STEPS)


@cli.command()
def spark() -> None:
    """Build the demo's months again, with Spark on this machine, and render the pages again.

    Fails if a station's energy differs from before. Needs Java and PostgreSQL's JDBC driver.

    Example: make demo spark
    """
    with _server(settings=postgres.SERVER_SETTINGS | postgres.loopback_settings()) as database:
        [(marts,)] = database.query("select to_regclass('tiruert.energy_balance_monthly')")
        if marts is None:
            raise click.ClickException("there is nothing to build yet: run make demo first")
        months = [balance.period for balance in summary.read_balances(database)]
        cluster = database.with_variables(
            TIRUERT_LAKE=str(postgres.PROJECT / "target" / "lake"),
            TIRUERT_SPARK_MASTER=CLUSTER,
            JAVA_TOOL_OPTIONS=SHORT_LIVED_JAVA,
        )
        period = f"{months[0]:%Y-%m}..{months[-1]:%Y-%m}"
        before = database.query(STATION_ENERGY)
        _run_step(cluster, "python", "-m", "spark_build", "--period", period)
        if database.query(STATION_ENERGY) != before:
            raise click.ClickException("Spark has computed other figures than PostgreSQL")
        _log(f"the same energy as before, for each of {len(before):,} stations and months")
        _render(database, months)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def shell(command: tuple[str, ...]) -> None:
    """Run COMMAND, such as psql or dbt, on the demo's server.

    Example: python -m dev.demo shell psql -c "select * from tiruert.energy_balance_monthly"
    """
    with _server() as database:
        # Leave Ctrl-C to the command: psql uses it to cancel a query.
        signal.signal(signal.SIGINT, lambda *_: None)
        sys.exit(_run(database, command))


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
def docs(port: int) -> None:
    """Generate the documentation of models and columns, and serve it until Ctrl-C.

    Example: python -m dev.demo docs --port 8081
    """
    folder = postgres.PROJECT / "target" / "docs"
    try:
        with docs_site.listening(port, folder) as server:
            with _server() as database:
                _log("dbt docs generate")
                database.dbt("docs", "generate")
                docs_site.write(Path(database.environment["DBT_TARGET_PATH"]), folder)
            url = f"http://localhost:{port}"
            _log(f"serving {url} until Ctrl-C")
            webbrowser.open_new_tab(url)
            docs_site.serve(server)
    except docs_site.PortError as error:
        raise click.ClickException(str(error)) from None


@cli.command()
def measure() -> None:
    """Send 200,400 stations, and print how long the sender takes without CARBURE."""
    with _server("measure") as database:
        with database.connection() as connection:
            qualicharge.create_tables(connection)
        _drop_warehouse(database)
        _run_step(database, "dbt", "--quiet", "run")
        overhead.fill_marts(database)
        stub = carbure_stub.CarbureStub(user_calls_per_second=1_000_000)
        with carbure_stub.running(stub) as root_url:
            _log("python -m sender, twice")
            sender = database.with_variables(**_credentials(stub, root_url))
            for line in overhead.lines(sender):
                click.echo(line)


@cli.command()
def clean() -> None:
    """Remove the data of all servers: the demo's, the tests' and the benchmark's."""
    shutil.rmtree(postgres.state_folder(), ignore_errors=True)


def _read_source(data: Path | None) -> Source:
    if data is None:
        _log("generating two months of sessions")
        return generator.generate().source
    _log(f"reading {data}")
    try:
        return sample.read(data)
    except sample.SampleError as error:
        raise click.ClickException(str(error)) from None


def _months_to_send(database: Database, period: datetime | None) -> list[date]:
    """Return the requested month, or all months that have sessions."""
    months = [balance.period for balance in summary.read_balances(database)]
    if period is None:
        return months
    if period.date() not in months:
        available = ", ".join(f"{month:%Y-%m}" for month in months)
        raise click.ClickException(
            f"no sessions in {period:%Y-%m}; choose a month that has some: {available}"
        )
    return [period.date()]


@contextmanager
def _server(
    name: str = "demo", settings: Mapping[str, str] = postgres.SERVER_SETTINGS
) -> Iterator[Database]:
    """Run a PostgreSQL server and yield the environment variables to connect to it."""
    try:
        _log("starting PostgreSQL")
        with postgres.running(name, settings=settings) as environment:
            yield Database(environment | dbt_variables(postgres.PROJECT / "target" / name))
    except (postgres.PostgresError, CommandError) as error:
        raise click.ClickException(str(error)) from None


def _drop_warehouse(database: Database) -> None:
    """Drop what the previous run built: a warehouse keeps months that are no longer in the source.

    A new stub has no rows either, so the ledger would be wrong.
    """
    schemas = database.query(
        "select nspname from pg_namespace where starts_with(nspname, 'tiruert')"
    )
    for (schema,) in schemas:
        database.query(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


def _create_stub(source: Source, months: list[date]) -> carbure_stub.CarbureStub:
    """Create a stub that knows all operators and accepts the given months."""
    sirens = sorted({owner.siren_amenageur or "" for owner in source.amenageur} - {""})
    entities = [
        carbure_stub.charge_point_operator(number, f"Opérateur {siren}", siren)
        for number, siren in enumerate(sirens, start=1)
    ]
    return carbure_stub.CarbureStub(
        entities=entities, configured_years={month.year for month in months}
    )


def _credentials(stub: carbure_stub.CarbureStub, root_url: str) -> dict[str, str]:
    return {
        "CARBURE_ROOT_URL": root_url,
        "CARBURE_USER_API_KEY": stub.api_key,
        "CARBURE_USER_EMAIL": stub.email,
        "CARBURE_USER_PASSWORD": stub.password,
    }


def _send(sender: Database, month: date) -> None:
    """Send a month, and end the demo if stations are left."""
    _log(" ".join(("python", *submission.arguments(month))))
    outcome = submission.send(sender, month)
    click.echo(f"  {outcome}")
    if outcome.exit_code != 0:
        raise click.ClickException(f"{month:%Y-%m} was not sent completely")


def _render(database: Database, months: list[date]) -> None:
    for month in months:
        _run_step(
            database, "python", "-m", "reports.dashboards", "render", "--period", f"{month:%Y-%m}"
        )


def _run_step(database: Database, *command: str) -> None:
    """Run a program of the project, and end the demo if it fails."""
    _log(" ".join(command))
    exit_code = _run(database, command)
    if exit_code != 0:
        raise click.ClickException(f"{' '.join(command)} failed with exit code {exit_code}")


def _run(database: Database, command: Sequence[str]) -> int:
    """Run a program of the project or of PostgreSQL in the terminal. Return its exit code."""
    program = shutil.which(command[0], path=database.environment["PATH"])
    if program is None:
        raise click.ClickException(f"program not found: {command[0]}")
    return subprocess.run(  # noqa: S603
        [program, *command[1:]], cwd=postgres.PROJECT, env=database.environment, check=False
    ).returncode


def _log(message: str) -> None:
    click.secho(f"· {message}", fg="cyan", err=True)


if __name__ == "__main__":
    # Like Ctrl-C, SIGTERM must raise KeyboardInterrupt, so that the server is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="python -m dev.demo")
