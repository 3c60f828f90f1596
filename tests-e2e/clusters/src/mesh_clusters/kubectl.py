"""Running kubectl."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from mesh_clusters.binaries import Binaries
from mesh_clusters.daemons import environment
from mesh_clusters.errors import CommandFailed


def run(
    binaries: Binaries, config: Path, arguments: Sequence[str], stdin: str | None = None
) -> str:
    """Run kubectl and give what it prints; raises CommandFailed with what it complains about."""
    # Its cache goes with the cluster: in the home directory it would keep every one for ever.
    options = [f"--kubeconfig={config}", f"--cache-dir={config.parent / 'kubectl-cache'}"]
    done = subprocess.run(
        [str(binaries.path("kubectl")), *options, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    if done.returncode != 0:
        complaint = done.stderr.strip() or done.stdout.strip()
        raise CommandFailed(f"kubectl {' '.join(arguments)}: {complaint}")
    return done.stdout
