"""The root of this package's errors."""


class InjectorError(Exception):
    """Anything that the injector reports; its text says what is wrong, where, and what to do."""
