"""The parsed project. `forked_programs` imports this once, in the process that it forks."""

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt_common.clients.jinja import template_cache

from dev.dbt import dbt_variables
from dev.postgres import PROJECT

# Placeholder for the name of the database in the manifest.
DATABASE = "any_database"


def parse(target: str) -> Any:
    """Parse the project for a target of profiles.yml, and return its manifest."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(dbt_variables(Path(folder)) | {"PGUSER": "", "PGDATABASE": DATABASE})
        parsed = dbtRunner().invoke(
            ["--quiet", "parse", "--target", target, "--project-dir", str(PROJECT)]
        )
    assert parsed.success, parsed.exception
    manifest = parsed.result
    # dbt compiles a macro when it first calls it, which takes a fifth of a small build.
    for macro in manifest.macros.values():
        template_cache.get_node_template(macro)
    # Otherwise the garbage collection of each forked process would go through all of it.
    gc.freeze()
    return manifest


manifest = parse("warehouse")


def manifest_for(database: str) -> Any:
    """Return the manifest with another database. It can be used once."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        node.database = database
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{DATABASE}"', f'"{database}"')
    return manifest
