"""The root of this package's errors."""


class CoreError(Exception):
    """Anything that mesh-core reports; its text says what is wrong, where, and what to do."""
