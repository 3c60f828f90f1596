"""What is tried inside the fresh mesh before its first pod, so that one error tells all."""

import os
import sys
import tempfile

from mesh_cli.local import mounts
from mesh_cli.local.errors import StartError
from mesh_cli.local.links import Address
from mesh_cli.local.node import Node, python_paths, script
from mesh_cli.local.processes import Command, start
from mesh_cli.local.sandbox import SandboxPlan, create
from mesh_cli.local.settings import PROXY_UID, TRUST_DOMAIN

_IMPORT = "import mesh_proxy._engine"


async def check_engine(node: Node) -> None:
    """Import the engine as the proxies' user, in a view like a pod's; raises StartError.

    A different interpreter than ours would load another library without a word.
    """
    number = node.addresses.take()
    addresses: list[Address] = node.addresses.of(number)[: len(node.gateways)]
    plan = SandboxPlan("preflight", mounts.plan(python_paths()), addresses, "preflight", number)
    netns = node.settings.pods / "preflight.net"
    sandbox = await create(plan, netns, node.settings.pods / "root", node.gateways, node.reaper)
    try:
        with tempfile.TemporaryFile() as output:
            command = Command(
                [sys.executable, "-I", "-B", "-c", _IMPORT],
                {"PATH": "/usr/bin:/bin"},
                PROXY_UID,
                PROXY_UID,
                stdout=output.fileno(),
                stderr=output.fileno(),
            )
            process = await start(command, sandbox.namespaces, node.reaper)
            if await process.exited != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()
                raise StartError(
                    f"the proxy cannot start as uid {PROXY_UID} with {sys.executable}: "
                    f"{said[-1] if said else 'no message'}; install mesh-proxy into this "
                    "environment, readable for everyone (chmod -R go+rX)"
                )
    finally:
        sandbox.close()
        node.addresses.release(number)


async def make_trust(node: Node) -> str:
    """Make root and issuer if there are none; returns the trust anchors (PEM)."""
    directory = node.settings.identity
    argv = [*script("mesh-identity"), "init", "--dir", str(directory)]
    with tempfile.TemporaryFile() as output:
        command = Command(
            [*argv, "--trust-domain", TRUST_DOMAIN],
            {"PATH": "/usr/bin:/bin"},
            0,
            0,
            stdout=output.fileno(),
            stderr=output.fileno(),
        )
        process = await start(command, {}, node.reaper)
        if await process.exited != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise StartError(f"mesh-identity could not make certificates: {said}")
    return (directory / "ca.crt").read_text()


def hand_over(node: Node, uid: int) -> None:
    """Give the identity directory to the user that identity runs as."""
    directory = node.settings.identity
    for path in (directory, *directory.iterdir()):
        os.chown(path, uid, uid)
