"""The lock files: the demo's is a part of the whole, and has what its extras name."""

import re
import tomllib

from dev.postgres import PROJECT


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package, which may depend on the version of Python."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[.*\])?==([^ ;]+)", (PROJECT / lock).read_text(), re.MULTILINE
    ):
        versions.setdefault(name, set()).add(version)
    return versions


def required(*extras: str) -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *map(project["optional-dependencies"].get, extras)]
    return {re.split(r"[<>=]", requirement)[0] for group in groups for requirement in group}


def test_locks_have_the_same_versions() -> None:
    every = pins("requirements.lock")
    for name, versions in pins("requirements-demo.lock").items():
        assert versions == every[name], f"{name}: run make lock"


def test_locks_have_every_dependency() -> None:
    assert required("dbt", "demo", "reports") <= pins("requirements-demo.lock").keys()
    assert required("bench", "dbt", "demo", "dev", "reports") <= pins("requirements.lock").keys()
