"""Moments as people read them."""

from __future__ import annotations

from datetime import datetime


def shown(moment: datetime) -> str:
    """A moment to the second; all of ours are UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
