"""What the command line says of images: a table, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mesh_images.build import Built


def table(built: Sequence[Built]) -> str:
    """One line per image: its first name, what a node fetches, and where the archive lies.

    NEW is what is left to fetch for a node that has the images of the lines above.
    """
    rows = [("IMAGE", "COMPRESSED", "NEW", "ARCHIVE")]
    known: set[str] = set()
    for one in built:
        layers = one.image.layers
        new = sum(layer.size for layer in layers if layer.digest not in known)
        known |= {layer.digest for layer in layers}
        rows.append(
            (one.image.names[0], megabytes(one.image.size), megabytes(new), str(one.archive))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{name:{widths[0]}}  {size:>{widths[1]}}  {new:>{widths[2]}}  {archive}"
        for name, size, new, archive in rows
    )


def document(built: Sequence[Built]) -> str:
    """The same for programs."""
    return json.dumps(
        [
            {
                "component": one.component.name,
                "names": one.image.names,
                "archive": str(one.archive),
                "sbom": str(one.sbom),
                "digest": one.image.digest,
                "compressed": one.image.size,
                "layers": [
                    {"digest": layer.digest, "size": layer.size, "note": layer.note}
                    for layer in one.image.layers
                ],
            }
            for one in built
        ],
        indent=1,
    )


def megabytes(size: int) -> str:
    """A size for people, in units of 10^6 bytes as registries count them."""
    return f"{size / 1e6:.1f} MB"
