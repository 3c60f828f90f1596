"""Fixtures; what tests call themselves stands in `identity_play`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from mesh_identity.testing import NOW, Chain, TokenMaker, make_chain_at


@pytest.fixture
def sign_token() -> TokenMaker:
    return TokenMaker()


@pytest.fixture
def make_chain() -> Callable[[datetime], Chain]:
    return make_chain_at


@pytest.fixture
def chain() -> Chain:
    return make_chain_at(NOW)
