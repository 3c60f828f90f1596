"""The engine, compiled from `rust/crates/py`."""

def run() -> int:
    """Run the proxy until it is told to stop, and return its exit code.

    Configured by the environment (`LINKERD2_PROXY_*`). The GIL is released throughout;
    SIGTERM and SIGINT are handled inside.
    """

def version() -> str:
    """Return the engine's version."""
