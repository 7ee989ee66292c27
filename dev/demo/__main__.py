"""The command line: the whole way on one machine, and a look at what it left."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path

import click
import psycopg2

from dev import carbure_stub, generator, postgres, qualicharge, sample
from dev.dbt import dbt_variables
from dev.demo import measure as measurement
from dev.demo import page
from dev.qualicharge import Source


@click.group()
def cli() -> None:
    """Try everything on a PostgreSQL of the demo's own and a stand-in for CARBURE."""


@cli.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of QualiCharge's public sample, in place of made sessions.",
)
@click.option("--period", type=click.DateTime(["%Y-%m"]), help="Send only this month.")
def run(data: Path | None, period: datetime | None) -> None:
    """Make the sources, build the marts, send them to the stand-in, and show what came of it."""
    source = _read_source(data)
    with _server() as environment, closing(_connect(environment)) as connection:
        _say(f"loading {len(source.session):,} sessions into QualiCharge's tables")
        qualicharge.create_tables(connection)
        qualicharge.load(connection, source)
        _forget_what_was_sent(connection)
        _say("dbt build")
        _run(["dbt", "--quiet", "build", "--full-refresh"], environment)
        books = page.read_books(connection)
        months = [book.period for book in books]
        if period is not None:
            months = [_one_of(months, period.date())]
        stub = _make_stub(source, months)
        with carbure_stub.running(stub) as root_url:
            for month in months:
                _send(month, environment | _credentials(stub, root_url))
        _render_dashboards(months[-1], environment)
        for line in page.lines(connection, months, stub.rows):
            click.echo(line)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("--binaries", type=click.Path(path_type=Path), help="bin folder of a PostgreSQL.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def shell(binaries: Path | None, command: tuple[str, ...]) -> None:
    """Run COMMAND, such as psql or dbt, while the demo's server is up.

    Example: python -m dev.demo shell psql -c "select * from tiruert.energy_balance_monthly"
    """
    name = f"demo-{binaries.parent.name}" if binaries else "demo"
    with _server(name, binaries) as environment:
        # Ctrl-C is the command's: psql cancels a query with it, and goes on.
        signal.signal(signal.SIGINT, lambda *_: None)
        sys.exit(_run(command, environment, must_work=False))


@cli.command()
def measure() -> None:
    """Send 200,400 stations, and tell what that takes beside CARBURE; PostgreSQL of its own."""
    with _server("measure") as environment, closing(_connect(environment)) as connection:
        qualicharge.create_tables(connection)
        _forget_what_was_sent(connection)
        _say("dbt run")
        _run(["dbt", "--quiet", "run", "--full-refresh"], environment)
        measurement.fill_marts(connection)
        stub = carbure_stub.CarbureStub(user_calls_per_second=1_000_000)
        with carbure_stub.running(stub) as root_url:
            _say("python -m sender, twice")
            for line in measurement.lines(connection, environment | _credentials(stub, root_url)):
                click.echo(line)


@cli.command()
def clean() -> None:
    """Remove the data of the demo's and the tests' servers."""
    shutil.rmtree(postgres.state_folder(), ignore_errors=True)


def _read_source(data: Path | None) -> Source:
    if data is None:
        _say("making two months of sessions")
        return generator.generate().source
    _say(f"reading {data}")
    try:
        return sample.read(data)
    except sample.SampleError as error:
        raise click.ClickException(str(error)) from None


def _one_of(months: list[date], month: date) -> date:
    if month not in months:
        known = ", ".join(f"{known:%Y-%m}" for known in months)
        raise click.ClickException(f"no sessions in {month:%Y-%m}: there are some in {known}")
    return month


@contextmanager
def _server(name: str = "demo", binaries: Path | None = None) -> Iterator[dict[str, str]]:
    """Run a PostgreSQL; yield an environment in which libpq, dbt and the sender use it."""
    try:
        _say("starting PostgreSQL")
        with postgres.running(name, binaries) as environment:
            yield environment | dbt_variables(postgres.PROJECT / "target" / name)
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from None


def _connect(environment: dict[str, str]) -> psycopg2.extensions.connection:
    return psycopg2.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        dbname=environment["PGDATABASE"],
    )


def _forget_what_was_sent(connection: psycopg2.extensions.connection) -> None:
    """Begin with an empty ledger, as the stand-in begins with nothing."""
    with connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists tiruert_ledger cascade")


def _make_stub(source: Source, months: list[date]) -> carbure_stub.CarbureStub:
    """Make a CARBURE that knows the operators and is ready for the months."""
    sirens = sorted({owner.siren_amenageur or "" for owner in source.amenageur} - {""})
    entities = [
        {
            "id": number,
            "name": f"Opérateur {siren}",
            "entity_type": "Charge Point Operator",
            "registration_id": siren,
        }
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


def _send(month: date, environment: dict[str, str]) -> None:
    arguments = ["-m", "sender", "--period", f"{month:%Y-%m}"]
    _say(f"python {' '.join(arguments)}")
    _run([sys.executable, *arguments], environment)


def _render_dashboards(month: date, environment: dict[str, str]) -> None:
    arguments = ["-m", "reports.dashboards", "render", "--period", f"{month:%Y-%m}"]
    _say(f"python {' '.join(arguments)}")
    _run([sys.executable, *arguments], environment)


def _run(command: Sequence[str], environment: dict[str, str], *, must_work: bool = True) -> int:
    """Run a program of the project or of PostgreSQL, and end with it where it fails."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise click.ClickException(f"there is no program called {command[0]}")
    code = subprocess.run(  # noqa: S603
        [program, *command[1:]], cwd=postgres.PROJECT, env=environment, check=False
    ).returncode
    if must_work and code != 0:
        raise click.ClickException(f"{' '.join(command)} ended with {code}")
    return code


def _say(step: str) -> None:
    click.secho(f"· {step}", fg="cyan", err=True)


if __name__ == "__main__":
    # A polite kill unwinds as Ctrl-C does, and stops the server on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="python -m dev.demo")
