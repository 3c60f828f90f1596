"""Which version is installed, and whether this command is of it."""

from mesh_cli.check import expected
from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, Level, error, warning
from mesh_cli.check.installed import installed

NAME = "control-plane-version"


def judge_known(version: str) -> Finding | None:
    """Say that the control plane does not tell its version."""
    if version:
        return None
    return error(f"ConfigMap {expected.CONFIG} has no value linkerdVersion; {expected.UPGRADE}")


def judge_match(version: str, cli: str) -> Finding | None:
    """Say that this command is of another version than the control plane."""
    if version == cli:
        return None
    return warning(
        f"the control plane is version {version}, this command is {cli}; "
        f"`pip install mesh-cli=={version}` gives the one that belongs to it"
    )


async def _known(view: ClusterView) -> Finding | None:
    return judge_known((await installed(view)).version)


async def _match(view: ClusterView) -> Finding | None:
    return judge_match((await installed(view)).version, view.settings.cli_version)


CATEGORY = Category(
    NAME,
    (
        Check("can retrieve the control plane version", "l5d-version-control", _known, fatal=True),
        Check(
            "control plane and cli versions match",
            "l5d-version-control-cli",
            _match,
            unknown=Level.WARNING,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)
