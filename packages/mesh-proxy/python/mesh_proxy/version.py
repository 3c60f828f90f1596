"""`mesh-proxy version`: the versions of the package and of the compiled engine."""

from importlib.metadata import version


def main() -> int:
    """Print both versions; the engine's says why when it cannot be loaded."""
    print(f"mesh-proxy {version('mesh-proxy')}")
    try:
        from . import _engine  # noqa: PLC0415
    except ImportError as error:
        print(f"engine: cannot be loaded ({error})")
        return 1
    print(f"engine {_engine.version()}")
    return 0
