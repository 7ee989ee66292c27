"""The project, parsed for Spark too. `tests/spark` has `forked_programs` import it."""

from tests.support.parsed_project import parse

# It names no database.
manifest = parse("spark")
