"""Whom the API server takes us for, and what time it thinks it is."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from mesh_core.kubernetes import TruncatedError
from mesh_core.resources import ObjectMeta
from mesh_core.resources.part import Part

_PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """The answer to a SelfSubjectReview, which anyone who is known may ask for."""

    user: str
    server_time: datetime
    """The API server's clock, in whole seconds, when it answered."""
    ahead_seconds: float
    """By how much that is ahead of this machine's clock at least; negative when behind."""


class _UserInfo(Part, frozen=True):
    username: str = ""


class _Status(Part, frozen=True):
    user_info: _UserInfo = _UserInfo()


class _SelfSubjectReview(Part, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    status: _Status = _Status()


def who_am_i_question() -> tuple[str, bytes]:
    """Give the path and the body of the question."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return _PATH, msgspec.json.encode(review)


def read_who_am_i(body: bytes, *, asked: float, answered: float) -> WhoAmI:
    """Read the answer; the times are this machine's before and after, in Unix seconds."""
    try:
        review = msgspec.json.decode(body, type=_SelfSubjectReview)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TruncatedError(
            f"cannot ask who we are: the answer makes no sense: {error}"
        ) from error
    said = review.metadata.creation_timestamp
    if said is None:
        # Nothing to compare with; our own clock is the best guess.
        return WhoAmI(review.status.user_info.username, datetime.fromtimestamp(answered, UTC), 0.0)
    return WhoAmI(
        review.status.user_info.username,
        said,
        _ahead(said.timestamp(), asked, answered),
    )


def _ahead(server: float, asked: float, answered: float) -> float:
    """Compare a clock of whole seconds with the span in which it was read."""
    if server > answered:
        return server - answered
    # It said the beginning of the second in which it was read.
    return min(server + 1 - asked, 0.0)
