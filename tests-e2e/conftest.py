"""One mesh per run, with the scenarios' application in it; `--provider` says where."""

import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import cluster_place
import diagnosis
import pytest
from helm import Helm
from kubectl import Kubectl, cluster_environment
from kubernetes_provider import KubernetesMesh
from local_provider import LocalMesh
from scenario import Mesh, Note

from mesh_cli.local.programs import find_program
from mesh_clusters import binaries, daemons

HERE = Path(__file__).parent
LOCAL = "local"
NOTES = pytest.StashKey[list[str]]()
FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the scenarios run, and what they need there."""
    places = [LOCAL, "node", "kind", "existing"]
    parser.addoption("--provider", choices=places, default=LOCAL, help="where to run")
    parser.addoption("--keep", action="store_true", help="leave the mesh up afterwards")
    parser.addoption("--images", type=Path, help="folder with the images' archives")
    parser.addoption("--kubeconfig", type=Path, help="the existing cluster's")
    parser.addoption("--report", type=Path, help="where logs go when something fails")
    parser.addoption(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for the chart, such as controllerImage=registry.example/mesh",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is noted yet."""
    config.stash[NOTES] = []
    config.stash[FAILED] = False
    for line in (
        "cluster: needs Kubernetes, which the provider `local` is not",
        "install: what every installation has to show; `-m install` runs only these",
        "last: what nobody can work with the mesh after",
    ):
        config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the provider is not made for; the end comes last."""
    if config.getoption("--provider") == LOCAL:
        others = [item for item in items if item.get_closest_marker("cluster")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that something failed: logs are kept then."""
    report = yield
    if report.failed:
        item.config.stash[FAILED] = True
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what scenarios counted, whether they passed or not."""
    for line in terminalreporter.config.stash[NOTES]:
        terminalreporter.write_line(line)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Have a line printed at the end of the run."""
    return request.config.stash[NOTES].append


@pytest.fixture(scope="session")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workloads that tests may edit."""
    return Path(shutil.copytree(HERE / "workloads", tmp_path_factory.mktemp("e2e") / "workloads"))


@pytest.fixture(scope="session")
def mesh(request: pytest.FixtureRequest, workloads: Path) -> Iterator[Mesh]:
    """The mesh with the scenarios' application, ready."""
    if request.config.getoption("--provider") != LOCAL:
        cluster: KubernetesMesh = request.getfixturevalue("cluster")
        cluster.apply(workloads)
        cluster.wait_until_ready("e2e")
        yield Mesh(cluster, workloads)
        return
    programs = [Path(sys.executable).parent, find_program("redis-server", "redis-server").parent]
    local = LocalMesh(f"e2e-{os.getpid()}", workloads, programs)
    try:
        local.up()
        yield Mesh(local, workloads)
    finally:
        print(local.diagnosis(), file=sys.stderr)
        if not request.config.getoption("--keep"):
            local.down()


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KubernetesMesh]:
    """A cluster with the mesh installed by its chart, ready."""
    config = request.config
    place = _place(config)
    # A cluster on this machine is reached without the proxy that somebody else's may need.
    base = os.environ if isinstance(place, cluster_place.ExistingPlace) else daemons.environment()
    try:
        kubeconfig = place.up()
        place.load(
            sorted(archives.glob("*.tar")) if (archives := config.getoption("--images")) else []
        )
        environment = cluster_environment(base, kubeconfig, tmp_path_factory.mktemp("kube-cache"))
        kubectl = Kubectl(binaries.ensure("apiserver").path("kubectl"), environment)
        try:
            program = binaries.ensure("helm").path("helm")
            helm = Helm(program, environment, config.getoption("--set"))
            helm.install()
            yield KubernetesMesh(kubectl, helm, place)
        finally:
            print(diagnosis.summary(kubectl), file=sys.stderr)
            if config.stash[FAILED] and (report := config.getoption("--report")):
                diagnosis.collect(kubectl, report)
                print(f"logs and descriptions lie in {report}", file=sys.stderr)
    finally:
        if not config.getoption("--keep"):
            place.down()


def _place(config: pytest.Config) -> cluster_place.ClusterPlace:
    provider = config.getoption("--provider")
    if provider == "existing":
        given = config.getoption("--kubeconfig") or os.environ.get("KUBECONFIG")
        if not given:
            raise pytest.UsageError("--provider existing needs --kubeconfig or KUBECONFIG")
        return cluster_place.ExistingPlace(Path(given))
    if config.getoption("--images") is None:
        raise pytest.UsageError(f"--provider {provider} needs --images; ./dev e2e makes them")
    return cluster_place.kind() if provider == "kind" else cluster_place.node()
