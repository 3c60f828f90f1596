"""Unpacks an image archive as a container runtime does, and runs programs in it.

With the security context that Kubernetes gives: a user, a set of capabilities, no new privileges,
a read-only root. As root only.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from mesh_images.capability import PAX_RECORD

_ENTRY = Path(__file__).with_name("container_entry.py")
# Python knows filters since 3.11.4; before, whoever unpacks trusts.
_TRUSTED = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}


@dataclass(frozen=True)
class Unpacked:
    """The root file system of an image, and its configuration."""

    root: Path
    config: dict

    def run(self, *command, user=None, capabilities="", netns="", environment=None):
        """Run a command, or what the image's own entry point adds to it, to its end."""
        numbers = [int(number) for number in (user or self.config["User"]).split(":")]
        context = {
            "root": str(self.root),
            "user": numbers[0],
            "group": numbers[-1],
            "capabilities": capabilities,
            "netns": netns,
            "command": command,
            "environment": dict(one.split("=", 1) for one in self.config["Env"])
            | (environment or {}),
        }
        return subprocess.run(
            [sys.executable, str(_ENTRY), json.dumps(context)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )


def unpack(archive, root):
    """Unpack the one image of an archive into a folder."""
    # pytest makes its folders for one user only; this one is a container's root.
    Path(root).chmod(0o755)
    with tarfile.open(archive) as members:

        def blob(name):
            return members.extractfile(name).read()

        (described,) = json.loads(blob("manifest.json"))
        for layer in described["Layers"]:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layer)))) as files:
                files.extractall(root, numeric_owner=True, **_TRUSTED)
                for member in files.getmembers():
                    if PAX_RECORD in member.pax_headers:
                        value = member.pax_headers[PAX_RECORD].encode()
                        os.setxattr(Path(root, member.name), "security.capability", value)
        return Unpacked(Path(root), json.loads(blob(described["Config"]))["config"])
