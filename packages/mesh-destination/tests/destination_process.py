"""The command as its users start it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request

from mesh_core.authority import Authority
from mesh_core.service import listen

COMMAND = [sys.executable, "-m", "mesh_destination.main"]
SECONDS = 20.0


def run(*arguments):
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def free_address():
    with listen(Authority.parse("127.0.0.1")) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Process:
    """A running `mesh-destination serve`."""

    def __init__(self, *source):
        self.admin, self.policy_admin = free_address(), free_address()
        command = [*COMMAND, "serve", "--addr", "127.0.0.1"]
        command += ["--policy-addr", "127.0.0.1", "--admin-addr", self.admin]
        command += ["--policy-admin-addr", self.policy_admin]
        command += map(str, source)
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.log = []
        self.discovery = self.policy = ""

    def wait(self):
        """Read the log until the service says where it listens."""
        self.wait_for("discovery on port")
        self.discovery, self.policy = re.findall(r"port (\d+)", self.log[-1])
        return self

    def wait_for(self, text):
        """Read the log until a line has this text."""
        for line in self.process.stderr:
            self.log.append(line)
            if text in line:
                return line
        raise AssertionError("".join(self.log))

    def get(self, address, path):
        """Body of an admin page; waits out the moment before the first readiness."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://{address}{path}", timeout=SECONDS) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    if error.code != 503 or time.monotonic() > deadline:
                        raise
                time.sleep(0.02)

    def close(self):
        self.process.kill()
        self.process.communicate()
