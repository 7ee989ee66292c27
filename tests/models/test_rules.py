"""dbt's unit tests of the models, which other tests leave out."""

import re

from tests.support.warehouse import WITH_UNIT_TESTS, Warehouse


def test_unit_tests_pass(made: Warehouse) -> None:
    finished = made.with_variables(**WITH_UNIT_TESTS).run(
        "dbt", "test", "--select", "test_type:unit"
    )
    assert finished.returncode == 0, finished.stdout
    [passed] = re.findall(r"PASS=(\d+)", finished.stdout)
    assert int(passed) > 15
