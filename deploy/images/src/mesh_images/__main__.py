"""`python -m mesh_images`: builds the images of the mesh and of its examples."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mesh_images import base, report
from mesh_images.age import forget
from mesh_images.build import Settings, build
from mesh_images.component import COMPONENTS, component, names
from mesh_images.errors import ImagesError
from mesh_images.foreign import foreign
from mesh_images.image import architecture
from mesh_images.places import images
from mesh_images.projects import PROFILES
from mesh_images.publish import publish


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 when an image could not be made, with the reason on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given or ["build"])
    try:
        return _list(options) if options.command == "list" else _build(options)
    except ImagesError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1


def _build(options: argparse.Namespace) -> int:
    began = time.monotonic()
    wanted = [component(name) for name in dict.fromkeys(options.images or names())]
    machine = _architecture(options.platform)
    epoch = _epoch()
    settings = Settings(
        output=options.output or _output(machine),
        profile=options.profile,
        registry=options.registry,
        epoch=epoch,
        labels=dict(options.label),
        wheels=options.wheels,
    )
    if options.base == base.OFFLINE:
        stands_on = base.offline(machine, settings.cache, epoch)
    else:
        stands_on = foreign(options.base, machine, settings.cache)
    if not stands_on.bytecode.python:
        _say(f"no Python {stands_on.target.python} here: without bytecode, starts take longer")
    built = build(wanted, stands_on, settings, _say)
    forget(settings.cache)
    for one in built if options.push else ():
        _say(f"{one.image.names[0]} is {publish(one, _say)}")
    print(report.document(built) if options.json else report.table(built))
    _say(f"{len(built)} images in {time.monotonic() - began:.1f} s")
    return 0


def _list(options: argparse.Namespace) -> int:
    """What there is, and the size of what was built."""
    folder = options.output or _output(architecture())
    for one in COMPONENTS:
        archive = folder / f"{one.repository}.tar"
        size = report.megabytes(archive.stat().st_size) if archive.is_file() else "not built"
        print(f"{one.name:12}  {size:>10}  {one.title}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mesh_images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser(
        "build", help="build images into archives; what happens without a command"
    )
    add = make.add_argument
    add("images", nargs="*", metavar="IMAGE", help=f"{', '.join(names())}; all by default")
    add(
        "--base",
        default=base.OFFLINE,
        metavar="IMAGE",
        help="a base image with Python, by name or as an archive; offline makes one from this"
        " machine's Python; %(default)s",
    )
    add(
        "--profile",
        choices=PROFILES,
        default="dist",
        help="how the engine is compiled: dist as it is shipped (minutes), mesh as for tests",
    )
    add(
        "--platform",
        metavar="OS/ARCH",
        default="",
        help="linux/amd64 or linux/arm64; this machine's",
    )
    add("--registry", default="localhost", help="first part of the images' names; %(default)s")
    add(
        "--label",
        type=_label,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="on every image",
    )
    add("--wheels", type=Path, metavar="DIR", help="take the projects' wheels from here")
    add("--push", action="store_true", help="send the images to the registry, for all to use")
    add("--json", action="store_true", help="tell what was built as JSON")
    show = commands.add_parser("list", help="list the images")
    for command in (make, show):
        command.add_argument("--output", type=Path, metavar="DIR", help="where the archives lie")
    return parser


def _output(machine: str) -> Path:
    return images() / "archives" / machine


def _architecture(platform: str) -> str:
    if not platform:
        return architecture()
    system, _, machine = platform.partition("/")
    if system != "linux":
        raise ImagesError(f"--platform {platform}: say linux/amd64 or linux/arm64")
    return architecture(machine.partition("/")[0])


def _epoch() -> int:
    """SOURCE_DATE_EPOCH (reproducible-builds.org), else the same time always."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not text.isdecimal() or int(text) >= 1 << 33:
        raise ImagesError(f"SOURCE_DATE_EPOCH={text}: is no number of seconds since 1970")
    return int(text)


def _label(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _say(text: str) -> None:
    print(f"images: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
