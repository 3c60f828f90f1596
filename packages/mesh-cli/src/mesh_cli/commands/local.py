"""`mesh local`: the whole mesh on one machine, without Kubernetes."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mesh_cli.output import Format, print_json, say, table

app = typer.Typer(
    help="Run the whole mesh on this machine, without Kubernetes.", no_args_is_help=True
)

Prefix = Annotated[str, typer.Option("--prefix", help="Which mesh: several may live side by side.")]
Output = Annotated[Format, typer.Option("--output", "-o", help="How to print.")]
Namespace = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="The pod's namespace, if its name is not enough."),
]
ContainerName = Annotated[
    str | None, typer.Option("--container", "-c", help="The container; the first one by default.")
]


@app.command()
def up(
    directory: Annotated[
        Path, typer.Argument(help="Manifests: a file, or a directory with everything below it.")
    ],
    prefix: Prefix = "mesh",
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything is ready.")
    ] = False,
    expose: Annotated[
        list[str] | None,
        typer.Option(
            "--expose",
            metavar="[ADDRESS:]PORT:[NAMESPACE/]NAME:PORT",
            help="Open a port of this machine to a Service (8080:shop/web:80) or, with pod/ "
            "before the name, a pod (8080:shop/pod/web-0:8000). ADDRESS is 127.0.0.1 by default.",
        ),
    ] = None,
    path: Annotated[
        list[Path] | None,
        typer.Option(
            "--path",
            metavar="DIRECTORY",
            help="Programs for the pods, first on their PATH; may be given again.",
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds to wait until everything is ready.")
    ] = 60.0,
    dns_forward: Annotated[
        str | None,
        typer.Option("--dns-forward", metavar="ADDRESS", help="Ask this server for other names."),
    ] = None,
    control_plane: Annotated[
        bool,
        typer.Option("--control-plane/--no-control-plane", help="Without it, nothing is meshed."),
    ] = True,
    output: Output = Format.TABLE,
) -> None:
    """Bring up a mesh with the workloads of a directory, and stay until Ctrl-C.

    The directory is watched: edited manifests are applied at once. Ctrl-C takes everything
    down, a second one at once. Needs root, to make namespaces; asks for it with sudo.
    """
    from mesh_cli.local.foreground import stay
    from mesh_cli.local.launch import launch, program_directories
    from mesh_cli.local.settings import Settings, check_address, check_prefix, parse_exposure

    settings = Settings(
        prefix=check_prefix(prefix),
        directories=(directory.absolute(),),
        search_path=program_directories(path or []),
        exposures=tuple(parse_exposure(value) for value in expose or []),
        dns_forward=check_address(dns_forward),
        control_plane=control_plane,
    )
    _need_root()
    mesh = launch(settings)
    raise typer.Exit(stay(mesh, wait=wait, detach=detach, report=lambda doc: _show(doc, output)))


@app.command()
def down(prefix: Prefix = "mesh") -> None:
    """Take the mesh down; nothing of it is left."""
    from mesh_cli.local.client import LocalMesh
    from mesh_cli.local.settings import check_prefix

    mesh = LocalMesh(check_prefix(prefix))
    if mesh.state.exists():
        _need_root()
    if mesh.down():
        say(f"mesh {prefix!r} is down")
    else:
        say(f"no mesh {prefix!r} runs here")


@app.command()
def status(prefix: Prefix = "mesh", output: Output = Format.TABLE) -> None:
    """Show pods, Deployments, Services, and what is wrong."""
    document = _mesh(prefix).status()
    _show(document, output)
    if output is Format.TABLE:
        _show_network(document)


@app.command()
def exec(  # noqa: A001 - the command's name
    pod: Annotated[str, typer.Argument(help="POD, NAMESPACE/POD or a workload's name.")],
    command: Annotated[list[str], typer.Argument(help="What to run, after --.")],
    container: ContainerName = None,
    namespace: Namespace = None,
    prefix: Prefix = "mesh",
) -> None:
    """Run a command in a pod, as its container's user and with its variables."""
    from mesh_cli.local.remote_command import run_in_pod

    raise typer.Exit(
        run_in_pod(_mesh(prefix), pod, command, container=container, namespace=namespace)
    )


@app.command()
def logs(
    pod: Annotated[str, typer.Argument(help="POD, NAMESPACE/POD or a workload's name.")],
    container: ContainerName = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", help="Only the last lines.")] = None,
    namespace: Namespace = None,
    prefix: Prefix = "mesh",
) -> None:
    """Print what a container wrote (linkerd-proxy is the proxy's name)."""
    from mesh_cli.local.log_reader import print_log

    mesh = _mesh(prefix)
    found = mesh.request("logs", pod=pod, container=container, namespace=namespace)
    print_log(Path(str(found["path"])), lines=tail, follow=follow, alive=lambda: mesh.running)


@app.command()
def apply(
    directory: Annotated[
        Path | None, typer.Argument(help="Another directory; none: read the known ones again.")
    ] = None,
    prefix: Prefix = "mesh",
    output: Output = Format.TABLE,
) -> None:
    """Read the manifests again, or further ones, and print what changed since last time."""
    asked = str(directory.absolute()) if directory else None
    result = _mesh(prefix).request("apply", directory=asked)
    if output is Format.JSON:
        print_json(result)
    else:
        for change in result["changes"]:
            print(f"{change['kind'].lower()}/{change['name']} {change['change']}")
        _show_problems(result["problems"])
    if result["problems"]:
        raise typer.Exit(1)


@app.command()
def restart(
    target: Annotated[
        str | None, typer.Argument(metavar="[KIND/NAME]", help="deployment/web; none: all.")
    ] = None,
    namespace: Namespace = None,
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds to wait until the new pods are ready; 0: none.")
    ] = 120.0,
    prefix: Prefix = "mesh",
) -> None:
    """Replace pods one after the other, by their Deployment's strategy."""
    mesh = _mesh(prefix)
    result = mesh.request("restart", target=target, namespace=namespace)
    for name in result["restarted"]:
        print(f"{name} restarted")
    if wait and mesh.wait(wait).get("timed_out"):
        say(f"not everything is ready after {wait:g} s; see `mesh local status`")
        raise typer.Exit(1)


def _mesh(prefix: str) -> "Any":
    from mesh_cli.local.client import LocalMesh
    from mesh_cli.local.settings import check_prefix

    mesh = LocalMesh(check_prefix(prefix))
    if mesh.state.exists():
        _need_root()
    return mesh


def _need_root() -> None:
    """Go on as root: only root makes namespaces, and only root reaches a mesh."""
    from mesh_cli.elevation import become_root
    from mesh_cli.local.preconditions import check_platform

    check_platform()
    become_root(sys.argv[1:])


def _show(document: dict[str, Any], output: Format) -> None:
    if output is Format.JSON:
        print_json(document)
        return
    rows = [
        (
            pod["namespace"],
            pod["name"],
            f"{sum(c['ready'] for c in pod['containers'])}/{len(pod['containers'])}",
            pod["phase"],
            "√" if pod["meshed"] else "–",
            pod["restarts"],
            pod["addresses"][0],
            _age(pod["age_seconds"]),
        )
        for pod in document["pods"]
    ]
    headers = ("NAMESPACE", "POD", "READY", "STATUS", "MESHED", "RESTARTS", "IP", "AGE")
    print(table(headers, rows))
    for pod in document["pods"]:
        if pod["message"] and not pod["ready"]:
            print(f"{pod['namespace']}/{pod['name']}: {pod['message']}")
    _show_problems(document["problems"])
    for line in document["exposed"]:
        print(f"open: {line}")


def _show_network(document: dict[str, Any]) -> None:
    deployments = [
        (
            item["namespace"],
            item["name"],
            f"{item['ready']}/{item['replicas']}",
            item["updated"],
            item["available"],
        )
        for item in document["deployments"]
    ]
    if deployments:
        headers = ("NAMESPACE", "DEPLOYMENT", "READY", "UP-TO-DATE", "AVAILABLE")
        print(f"\n{table(headers, sorted(deployments))}")
    services = [
        (
            item["namespace"],
            item["name"],
            ",".join(item["addresses"]) or "-",
            ",".join(f"{port['port']}/{port['protocol']}" for port in item["ports"]) or "-",
        )
        for item in document["services"]
    ]
    if services:
        print(f"\n{table(('NAMESPACE', 'SERVICE', 'CLUSTER-IP', 'PORTS'), services)}")


def _show_problems(problems: list[str]) -> None:
    for problem in problems:
        say(f"problem: {problem}")


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f}s"
    if seconds < 7200:
        return f"{seconds / 60:.0f}m"
    return f"{seconds / 3600:.0f}h"
