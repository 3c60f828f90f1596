"""The order of resource versions."""


def reached(seen: str, version: str) -> bool:
    """Say whether `seen` is `version` or a later one; what cannot be compared counts as reached."""
    if seen.isdecimal() and version.isdecimal():
        return int(seen) >= int(version)
    return True
