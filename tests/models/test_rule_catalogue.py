"""A rule or a limit changes in one place and reaches every reader."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dev.database import Database
from dev.demo import summary
from reports.typography import typeset
from tests.support.project import copy_project, replace_once
from tests.support.two_operators import charge, network, noon
from tests.support.warehouse import WITH_UNIT_TESTS, Warehouse

SIREN = "732829320"

# What "Add a rule" in CONTRIBUTING.md asks for: the condition, the catalogue and a unit test.
RULE = "too_long"
TITLE = "Plus de 7 jours"
CONDITION = "too_long: duration_hours > {{ limit('max_session_hours') }}\n"
CATALOGUE_ENTRY = """
    - name: too_long
      rejects: true
      limits: [max_session_hours]
      title: Plus de 7 jours
      explanation: "Durée > {{ max_session_hours }} heures."
      example: "durée {{ duration_hours | hours }} h > {{ max_session_hours | number }} h."
      description: "Longer than a week: `duration_hours > max_session_hours`."
"""
LIMIT = """
  max_session_hours:
    2015-01: 168
"""
UNIT_TEST = """
  - name: too_long_allows_seven_days
    model: int_session_flags
    overrides: *default_variables
    given:
      - *charge_points
      - *no_lookback
      - input: ref('stg_qualicharge__sessions')
        rows:
          - session_id: 00000000-0000-0000-0000-000000000001
            charge_point_id: 00000000-0000-0000-0000-00000000000a
            energy_kwh: 5
            started_at: 2025-04-01 10:00:00+00
            ended_at: 2025-04-08 10:00:00+00
          - session_id: 00000000-0000-0000-0000-000000000002
            charge_point_id: 00000000-0000-0000-0000-00000000000b
            energy_kwh: 5
            started_at: 2025-04-01 10:00:00+00
            ended_at: 2025-04-08 10:00:01+00
    expect:
      rows:
        - {session_id: 00000000-0000-0000-0000-000000000001, broken_rules: null}
        - {session_id: 00000000-0000-0000-0000-000000000002, broken_rules: "{too_long}"}
"""


def insert(file: Path, text: str, *, before: str) -> None:
    replace_once(file, before, text + before)


@pytest.fixture(scope="module")
def changed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one more rule."""
    copy = copy_project(tmp_path_factory.mktemp("project"))
    models = copy / "models/intermediate"
    insert(models / "int_session_flags.sql", CONDITION, before="hidden_overlap: started_at")
    insert(copy / "dbt_project.yml", LIMIT, before="\n  # The catalogue of rules.")
    insert(copy / "dbt_project.yml", CATALOGUE_ENTRY, before="\n    - name: hidden_overlap")
    unit_tests = models / "int_session_flags_unit_tests.yml"
    # A session of 366 days, the longest with a valid time.
    clean, too_long = "000000000006,,false,-8268", "000000000006,{too_long},true,-8268"
    unit_tests.write_text(unit_tests.read_text().replace(clean, too_long) + UNIT_TEST)
    return copy


@pytest.fixture(scope="module")
def with_rule(warehouse: Warehouse, changed_project: Path) -> Warehouse:
    """A warehouse with one session of eight days, built by the changed project."""
    source, alpha, beta = network()
    long = charge(alpha, noon(4, 2))
    source.session = [
        long._replace(end=long.start + timedelta(days=8)),
        charge(alpha, noon(4, 20)),
        charge(beta, noon(4, 20)),
    ]
    warehouse.load(source)
    changed = replace(warehouse, project=changed_project).with_variables(
        DBT_TARGET_PATH=str(changed_project / "target"), **WITH_UNIT_TESTS
    )
    # With the books, the waterfall and the unit test among the tests.
    changed.dbt("build")
    return changed


def test_added_rule_is_in_the_balance_and_the_waterfall(with_rule: Warehouse) -> None:
    assert with_rule.query(
        "select rejected_sessions, sendable_sessions from tiruert.energy_balance_monthly"
    ) == [(1, 1)]
    assert with_rule.query("select rule, first_sessions from tiruert.anomalies_daily") == [
        (RULE, 1)
    ]
    assert with_rule.query(
        "select title, energy_mwh * 1000 from tiruert.energy_steps_monthly"
        " where outcome = 'rejected'"
    ) == [(TITLE, -10)]
    assert with_rule.query(
        "select rejection_reasons, too_long from tiruert.sessions_flagged order by too_long desc"
    ) == [([RULE], True), ([], False), ([], False)]


def test_added_rule_is_on_every_card_that_shows_rules(with_rule: Warehouse, tmp_path: Path) -> None:
    with_rule.run(
        *("python", "-m", "reports.dashboards", "render"),
        *("--period", "2025-04", "--output", str(tmp_path)),
    )
    for page, cards in (
        ("bilan-energetique", {"waterfall_steps", "rejected_per_rule"}),
        ("anomalies", {"conclusion", "rate_per_rule"}),
    ):
        text = html.unescape((tmp_path / "2025-04" / f"{page}-2025-04.html").read_text())
        sections = dict(re.findall(r'<section[^>]* id="(\w+)"(.*?)</section>', text, re.DOTALL))
        assert {name for name, content in sections.items() if TITLE in content} == cards


def test_added_rule_has_a_worked_example_in_the_operator_report(
    with_rule: Warehouse, tmp_path: Path
) -> None:
    with_rule.run(
        *("python", "-m", "reports.operator", "--period", "2025-04"),
        *("--siren", SIREN, "--output", str(tmp_path)),
    )
    page = (tmp_path / f"explication-2025-04-{SIREN}" / "index.html").read_text()
    assert "Durée &gt; 168 heures." in page
    assert typeset("durée 192,00 h &gt; 168 h.") in page


def test_added_rule_is_in_the_documentation(with_rule: Warehouse) -> None:
    written = with_rule.run("python", "-m", "dev.docs")
    assert written.returncode == 0, written.stderr
    page = (with_rule.project / "docs" / "rules.md").read_text()
    assert f"| `{RULE}` | Longer than a week" in page
    assert "| `max_session_hours` | 2015-01 | `168` |" in page


def test_added_rule_is_in_the_summary_of_the_demo(with_rule: Warehouse) -> None:
    [(period,)] = with_rule.query("select period from tiruert.energy_balance_monthly")
    lines = summary.lines(Database(with_rule.environment), [period], [])
    assert [line for line in lines if line.strip().startswith(RULE)] == [
        "  too_long                           1 sessions          0.010 MWh  Plus de 7 jours"
    ]


@pytest.fixture(scope="module")
def judged(make_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """April and May with a session of 700 kWh each, judged by the limits of dbt_project.yml."""
    warehouse = make_warehouse()
    source, alpha, _ = network()
    source.session = [
        charge(alpha, noon(month, 2), 700.0)._replace(end=noon(month, 4)) for month in (4, 5)
    ]
    warehouse.load(source)
    warehouse.build()
    return warehouse


LABELS = (
    "select to_char(period, 'YYYY-MM'), explanation from tiruert.reason_labels"
    " where reason = 'eneu' order by period"
)
REJECTED = "select to_char(period, 'YYYY-MM') from tiruert.sessions_flagged where is_rejected"


def test_month_is_judged_by_the_limit_that_is_valid_for_it(
    judged: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    copy = make_warehouse(like=judged)
    copy.build(period="2025-04..2025-05", eneu_energy_kwh={"2015-01": 1000, "2025-05": 500})
    assert copy.query(REJECTED) == [("2025-05",)]
    assert copy.query(LABELS) == [
        ("2025-04", "Énergie > 1\u202f000 kWh."),
        ("2025-05", "Énergie > 500 kWh."),
    ]


def test_frozen_month_keeps_the_limits_that_it_was_judged_by(
    judged: Warehouse, make_warehouse: Callable[..., Warehouse], tmp_path: Path
) -> None:
    copy = make_warehouse(like=judged)
    new_limit = {"eneu_energy_kwh": {"2015-01": 500}}
    finished = copy.run("dbt", "--no-use-colors", "run", "--vars", json.dumps(new_limit))
    assert finished.returncode == 0
    output = " ".join(finished.stdout.split())
    assert "2025-04 (eneu_energy_kwh 1000, now 500), 2025-05 (eneu_energy_kwh" in output
    assert copy.query(REJECTED) == []
    assert {explanation for _, explanation in copy.query(LABELS)} == {"Énergie > 1\u202f000 kWh."}

    copy.build(period="2025-04", **new_limit)
    assert copy.query(REJECTED) == [("2025-04",)]
    copy.run(
        *("python", "-m", "reports.operator", "--period", "2025-04"),
        *("--siren", SIREN, "--output", str(tmp_path)),
    )
    page = (tmp_path / f"explication-2025-04-{SIREN}" / "index.html").read_text()
    assert typeset("700,000 kWh &gt; 500 kWh.") in page


def test_correction_does_not_judge_a_frozen_month_by_new_limits(
    make_warehouse: Callable[..., Warehouse],
) -> None:
    """The correction of one operator must not change the figures of another."""
    warehouse = make_warehouse()
    source, alpha, beta = network()
    source.session = [charge(alpha, noon(4, 2), 40.0), charge(beta, noon(4, 2), 30.0)]
    warehouse.load(source)
    warehouse.build()
    warehouse.query(
        "update qualicharge.amenageur set siren_amenageur = '552100554'"
        " where siren_amenageur is null"
    )
    energy = "select energy_mwh from tiruert.station_energy_monthly order by 1"
    finished = warehouse.run("dbt", "build", "--vars", json.dumps({"eneu_energy_kwh": 35}))
    assert finished.returncode == 0, finished.stdout
    assert "They keep their figures" in finished.stdout
    assert warehouse.query(energy) == [(Decimal("0.04"),)]
    warehouse.build()
    assert warehouse.query(energy) == [(Decimal("0.03"),), (Decimal("0.04"),)]


def test_dropped_input_does_not_judge_a_frozen_month_again(
    judged: Warehouse, make_warehouse: Callable[..., Warehouse]
) -> None:
    copy = make_warehouse(like=judged)
    copy.query("drop table tiruert_intermediate.int_stations cascade")
    copy.build(eneu_energy_kwh=500)
    assert copy.query(REJECTED) == []
    assert copy.query("select from tiruert_intermediate.int_stations")


def test_rule_without_a_condition_is_a_compile_error(judged: Warehouse) -> None:
    rules = [{"name": "negs", "rejects": True}, {"name": "unknown", "rejects": True}]
    finished = judged.run(
        "dbt", "--no-use-colors", "compile", "--vars", json.dumps({"rules": rules})
    )
    assert finished.returncode != 0
    output = " ".join(finished.stdout.split())
    assert "differ from the variable rules in dbt_project.yml (negs, unknown)" in output


@pytest.mark.parametrize("value", [{"April": 500}, {"2025-04": "much"}, "500 kWh"])
def test_invalid_limit_is_one_clear_error(judged: Warehouse, value: object) -> None:
    finished = judged.run(
        "dbt", "--no-use-colors", "run", "--vars", json.dumps({"eneu_energy_kwh": value})
    )
    assert finished.returncode != 0
    assert "the variable eneu_energy_kwh must have a number for each month" in finished.stdout
