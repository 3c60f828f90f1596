"""Helm, as a user runs it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[1] / "mesh"
NAMESPACE = "linkerd"

Document = dict[str, Any]
Values = dict[str, Any]


class HelmError(Exception):
    """Helm refused; the text is what it complains about."""


@dataclass(frozen=True)
class Objects:
    """What a chart renders, in its order."""

    documents: tuple[Document, ...]
    text: str = field(repr=False)

    def of_kind(self, kind: str) -> dict[str, Document]:
        return {d["metadata"]["name"]: d for d in self.documents if d["kind"] == kind}

    def get(self, kind: str, name: str) -> Document:
        return self.of_kind(kind)[name]

    def has(self, kind: str, name: str) -> bool:
        return name in self.of_kind(kind)


@dataclass(frozen=True)
class Helm:
    """The program, a folder for values and, for what needs a cluster, a kubeconfig."""

    program: Path
    folder: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str, values: Values | None = None) -> str:
        given = []
        if values is not None:
            file = self.folder / "values.yaml"
            file.write_text(yaml.safe_dump(values))
            given = [f"--values={file}"]
        done = subprocess.run(
            # Its own pace, a few requests a second, is for servers that it shares.
            [str(self.program), "--qps=500", "--burst-limit=1000", *arguments, *given],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
        )
        if done.returncode:
            raise HelmError(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def template(
        self, values: Values | None = None, *, chart: Path = CHART, namespace: str = NAMESPACE
    ) -> Objects:
        text = self.run("template", "mesh", str(chart), f"--namespace={namespace}", values=values)
        return objects(text)

    def _environment(self) -> dict[str, str]:
        home = str(self.folder)
        # Without a kubeconfig there is no cluster, whatever the machine has.
        config = str(self.kubeconfig or self.folder / "none")
        return {"HOME": home, "KUBECONFIG": config, "PATH": "/usr/bin:/bin"}


def objects(text: str) -> Objects:
    return Objects(tuple(d for d in yaml.safe_load_all(text) if d), text)


def merged(*layers: Values) -> Values:
    """Lay values over each other, as several `--values` do."""
    result: Values = {}
    for layer in layers:
        for name, value in layer.items():
            below = result.get(name)
            both = isinstance(below, dict) and isinstance(value, dict)
            result[name] = merged(below, value) if both else value
    return result
