"""What can go wrong."""


class FieldError(Exception):
    """The field could not be made or used; the text says why."""
