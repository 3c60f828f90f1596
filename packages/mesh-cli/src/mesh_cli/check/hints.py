"""Where the documentation of a check is."""

HINTS = "docs/checks"
"""The directory, or the site, that holds a page for each category."""


def hint(category: str, anchor: str) -> str:
    """Name the page and the heading on it."""
    return f"{HINTS}/{category}.md#{anchor}"
