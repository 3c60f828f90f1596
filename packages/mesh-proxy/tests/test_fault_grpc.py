"""gRPC servers that end calls oddly: the client sees what they did, and it is counted as that."""

from collections.abc import Callable, Iterator
from contextlib import closing

import engine
import frames
import meshed
import pytest
from frames import Peer
from meshed import Mesh, Way
from network import Pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90), pytest.mark.fault(33)]

PORT = 50052
OK = frames.indexed(8) + frames.literal(b"content-type", b"application/grpc")
MESSAGE = b"\0\0\0\0\5hello"


def status(code: str, message: str = "") -> bytes:
    return frames.fields({"grpc-status": code, "grpc-message": message})


def whole(content: bytes, trailers: bytes) -> Callable[[int], bytes]:
    """A response with content and trailers."""
    return lambda stream: (
        frames.headers(stream, OK, end=False)
        + (frames.data(stream, content) if content else b"")
        + frames.headers(stream, trailers)
    )


ANSWERS: dict[str, tuple[Callable[[int], bytes], str, str | None]] = {
    "status only in trailers": (whole(MESSAGE, status("0")), "success", "0"),
    "failure only in trailers": (whole(MESSAGE, status("13")), "failure", "13"),
    "failure without a message": (whole(b"", status("14")), "failure", "14"),
    "a failure that answers the caller": (whole(MESSAGE, status("5")), "success", "5"),
    "trailers only": (lambda s: frames.headers(s, OK + status("14")), "failure", "14"),
    "trailers only, well": (lambda s: frames.headers(s, OK + status("0")), "success", "0"),
    "no trailers": (
        lambda s: frames.headers(s, OK, end=False) + frames.data(s, MESSAGE, end=True),
        "failure",
        None,
    ),
    "trailers without a status": (whole(MESSAGE, frames.fields({"x": "y"})), "failure", None),
    "a status in letters": (whole(MESSAGE, status("UNAVAILABLE")), "failure", None),
    "a status beyond all": (whole(MESSAGE, status("99999999999")), "success", "2"),
    "an unknown status": (whole(MESSAGE, status("77")), "success", "2"),
    "two statuses": (whole(MESSAGE, status("0") + status("14")), "failure", None),
    "a length beyond the content": (whole(b"\0\0\0\0\xffhello", status("0")), "success", "0"),
    "a length beyond all": (whole(b"\0\xff\xff\xff\xff", status("0")), "success", "0"),
    "a compressed message": (whole(b"\1\0\0\0\5hello", status("0")), "success", "0"),
    "an unknown flag": (whole(b"\xfe\0\0\0\0", status("0")), "success", "0"),
    "half a prefix": (whole(b"\0\0", status("0")), "success", "0"),
    "a long text": (whole(MESSAGE, status("13", message="x" * 8000)), "failure", "13"),
}
"""What a server answers, how that is classified, and the label of its status."""


class Script:
    """What the server answers next, whoever asks."""

    def __init__(self) -> None:
        self.answer: Callable[[int], bytes] = ANSWERS["trailers only, well"][0]
        self.heard: list[Peer] = []

    def __call__(self, peer: Peer, stream: int) -> None:
        self.heard.append(peer)
        peer.send(self.answer(stream))


@pytest.fixture(scope="module")
def script(spaces: Pair) -> Iterator[Script]:
    script = Script()
    with closing(frames.Server(spaces.peer.listener(PORT), script)):
        yield script


@pytest.fixture(scope="module")
def mesh(spaces: Pair, script: Script, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with meshed.running(spaces, tmp_path_factory.mktemp("grpc")) as mesh:
        mesh.declare(PORT)
        yield mesh


def block(**more: str) -> bytes:
    """The head of a call."""
    own = {"content-type": "application/grpc", "te": "trailers"}
    return frames.request("/test.Service/Call", "POST") + frames.fields(own | more)


def call(way: Way, head: bytes) -> list[tuple[int, bytes, bool]]:
    """What comes back: kinds of frames, their content where it is the message, the end."""
    stream = way.connection(PORT)
    peer = Peer(stream)
    with closing(peer):
        peer.send(frames.PREFACE, frames.settings({frames.HEADER_TABLE_SIZE: 0}))
        peer.send(frames.headers(1, head, end=False), frames.data(1, MESSAGE, end=True))
        peer.wait_end(1)
        seen: list[tuple[int, bytes, bool]] = []
        for it in peer.frames:
            if it.stream != 1:
                continue
            content = it.payload if it.kind == frames.DATA else b""
            if it.kind == frames.DATA and not it.payload:
                continue
            seen.append((it.kind, content, it.ends))
        return seen


def counted(mesh: Mesh, *labels: str) -> tuple[float, float]:
    both = (mesh.client, mesh.server)
    first, second = (proxy.metric("response_total", *labels, 'tls="true"') for proxy in both)
    return first, second


@pytest.mark.parametrize("case", ANSWERS)
def test_fault_33_an_odd_answer_is_passed_on_and_counted_as_what_it_is(mesh, script, case):
    script.answer, classification, code = ANSWERS[case]
    labels = [f'classification="{classification}"', *([f'grpc_status="{code}"'] if code else [])]
    before = counted(mesh, *labels)
    total = counted(mesh)
    expected = call(mesh.direct, block())
    assert call(mesh.through, block()) == expected
    engine.until("counted", lambda: counted(mesh) == (total[0] + 1, total[1] + 1))
    assert counted(mesh, *labels) == (before[0] + 1, before[1] + 1)


def test_fault_33_a_response_that_is_broken_off_is_a_failure(mesh, script):
    """Whether the client is told by a reset or by a status depends on how far it had come."""
    script.answer = lambda stream: (
        frames.headers(stream, OK, end=False)
        + frames.data(stream, MESSAGE)
        + frames.reset(stream, frames.INTERNAL_ERROR)
    )
    failures = counted(mesh, 'classification="failure"')
    total = counted(mesh)
    call(mesh.through, block())
    engine.until("counted", lambda: counted(mesh) == (total[0] + 1, total[1] + 1))
    assert counted(mesh, 'classification="failure"') == (failures[0] + 1, failures[1] + 1)


@pytest.mark.parametrize(
    "timeout", ["1n", "0S", "99999999H", "100000000H", "-1S", "1", "S", "", "1x", "1S1S", "9" * 400]
)
def test_fault_33_a_deadline_is_the_applications_own(mesh, script, timeout):
    """However absurd it is: the server is asked, and judges."""
    script.answer = ANSWERS["status only in trailers"][0]
    heard = len(script.heard)
    head = block(**{"grpc-timeout": timeout})
    assert call(mesh.through, head) == call(mesh.direct, head)
    assert len(script.heard) == heard + 2
