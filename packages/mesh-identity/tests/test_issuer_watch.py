"""The issuer in use while its Secret changes, breaks, ages, and the clock jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from mesh_core.service import Readiness
from mesh_core.store.inotify import Changes, Inotify
from mesh_identity import issuer_watch
from mesh_identity.authority import new_key
from mesh_identity.errors import IssuerUnavailable
from mesh_identity.issuer_secret import Scheme
from mesh_identity.issuer_watch import CONDITION, IssuerWatch
from mesh_identity.notice import EXPIRING, UPDATE_SKIPPED, UPDATED, VALIDATION_FAILED, Notice
from mesh_identity.rotation import Rotation
from mesh_identity.testing import IDENTITY, NOW, Signer
from mesh_identity.testing_mount import SKEW, IssuerMount

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Watched:
    """A watch over a mount, with a clock that only the test moves."""

    def __init__(self, mount: IssuerMount, seconds: float) -> None:
        self.mount = mount
        self.now = NOW
        self.rotation = Rotation()
        self.readiness = Readiness()
        self.notices: list[Notice] = []
        self.watch = IssuerWatch(
            mount.described(),
            self.rotation,
            clock=lambda: self.now,
            readiness=self.readiness,
            tell=self.notices.append,
            seconds=seconds,
        )

    @property
    def ready(self) -> bool:
        return CONDITION not in self.readiness.waiting

    @property
    def told(self) -> list[str]:
        """The reasons of what was told since this was last asked for."""
        reasons = [notice.reason for notice in self.notices]
        self.notices.clear()
        return reasons

    def issue(self) -> x509.Certificate:
        issued = self.rotation.current().issue(IDENTITY, new_key().public_key(), self.now)
        return x509.load_der_x509_certificate(issued.leaf)

    def is_signed_by(self, signer: Signer) -> bool:
        return self.rotation.current().certificate == signer.certificate

    async def at(self, moment: datetime) -> None:
        self.now = moment
        await self.watch.look()


Watch = Callable[..., Awaitable[Watched]]


@pytest.fixture
def notifications() -> Iterator[pytest.MonkeyPatch]:
    """The kernel tells nothing, until this is undone: a test says itself when to look."""
    read = Inotify.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inotify, "read", lambda it: (read(it), Changes(frozenset(), all=False))[1])
        yield patch


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Time passes only when a test says so."""
    monkeypatch.setattr(issuer_watch, "TICK_SECONDS", 3600.0)
    return monkeypatch


@pytest.fixture
async def watch(
    notifications: pytest.MonkeyPatch, ticks: pytest.MonkeyPatch
) -> AsyncIterator[Watch]:
    """Start to watch; looks only when told to, unless `seconds` says how often."""
    started: list[Watched] = []

    async def start(mount: IssuerMount, *, seconds: float = 3600.0) -> Watched:
        watched = Watched(mount, seconds)
        started.append(watched)
        await watched.watch.start()
        return watched

    yield start
    for watched in started:
        await watched.watch.close()


@pytest.fixture
def root() -> Signer:
    return Signer.root(begins=NOW - 30 * DAY)


@pytest.fixture
def mount(tmp_path: Path, root: Signer) -> IssuerMount:
    mount = IssuerMount(tmp_path)
    mount.trust(root)
    return mount


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition is not ours to signal
            await asyncio.sleep(0.01)


@pytest.mark.fault(61)
@pytest.mark.parametrize("told_by", ["inotify", "timer"])
async def test_a_swapped_secret_is_used_without_a_restart(
    mount: IssuerMount,
    root: Signer,
    watch: Watch,
    told_by: str,
    notifications: pytest.MonkeyPatch,
) -> None:
    if told_by == "inotify":
        notifications.undo()
    mount.put(root.below())
    watched = await watch(mount, seconds=3600.0 if told_by == "inotify" else 0.05)
    assert watched.ready
    assert watched.told == []
    new = root.below("new", begins=NOW + HOUR)
    watched.now = NOW + HOUR
    mount.put(new)
    await until(lambda: watched.is_signed_by(new))
    assert watched.issue().issuer == new.certificate.subject
    (notice,) = watched.notices
    assert (notice.reason, notice.warning) == (UPDATED, False)
    assert "CN=new" in notice.message


@pytest.mark.fault(61)
async def test_hundreds_of_rotations_of_all_kinds(
    mount: IssuerMount, root: Signer, watch: Watch
) -> None:
    """After each step the newest valid issuer that was ever there is the one in use."""
    dice = random.Random(61)
    best = root.below()
    mount.put(best)
    watched = await watch(mount)
    for step in range(1, 401):
        watched.now = NOW + step * 2 * HOUR
        candidate = root.below(f"issuer {step}", begins=watched.now - MINUTE)
        kind = dice.choice(["good", "torn", "cut", "wrong key", "older", "expired", "stranger"])
        match kind:
            case "good":
                mount.put(candidate)
                best = candidate
            case "torn":
                mount.put_bytes(candidate.pem, best.key_pem)
            case "cut":
                part = dice.randrange(len(candidate.pem) - 30)
                mount.put_bytes(candidate.pem[:part], candidate.key_pem)
            case "wrong key":
                mount.put(candidate, key=Signer.root().key_pem)
            case "older":
                mount.put(
                    root.below("older", begins=best.certificate.not_valid_before_utc - MINUTE)
                )
            case "expired":
                mount.put(root.below("gone", begins=NOW - DAY, lifetime=HOUR))
            case _:
                mount.put(Signer.root("elsewhere").below(begins=watched.now - MINUTE))
        watched.notices.clear()
        await watched.watch.look()
        assert watched.is_signed_by(best), (step, kind)
        assert watched.ready
        assert watched.told == {
            "good": [UPDATED],
            "expired": [VALIDATION_FAILED],
            "stranger": [VALIDATION_FAILED],
        }.get(kind, [UPDATE_SKIPPED]), (step, kind)


@pytest.mark.fault(61)
async def test_files_that_are_written_one_after_the_other(
    tmp_path: Path, root: Signer, watch: Watch
) -> None:
    """A plain directory: certificate and key do not fit for a while."""
    mount = IssuerMount(tmp_path)
    mount.trust(root)
    old, new = root.below(), root.below("new")
    certificate, key = (mount.secret.directory / name for name in mount.scheme.keys)
    certificate.write_bytes(old.pem)
    key.write_bytes(old.key_pem)
    watched = await watch(mount)
    certificate.write_bytes(new.pem[:100])
    await watched.watch.look()
    certificate.write_bytes(new.pem)
    await watched.watch.look()
    assert watched.is_signed_by(old)
    assert watched.told == [UPDATE_SKIPPED, UPDATE_SKIPPED]
    key.write_bytes(new.key_pem)
    await watched.watch.look()
    assert watched.is_signed_by(new)
    assert watched.told == [UPDATED]


@pytest.mark.fault(61)
async def test_an_older_issuer_is_used_when_the_newer_one_has_expired(
    mount: IssuerMount, root: Signer, watch: Watch
) -> None:
    newer, older = root.below(lifetime=DAY), root.below("older", begins=NOW - DAY)
    mount.put(newer)
    watched = await watch(mount)
    mount.put(older)
    await watched.watch.look()
    assert "older than the one in use" in watched.notices[0].message
    assert watched.told == [UPDATE_SKIPPED]
    await watched.at(NOW + DAY)
    assert watched.is_signed_by(older)
    assert watched.told == [UPDATED]


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda _mount, _root: None, "crt.pem does not exist"),
        (lambda mount, _root: mount.put_bytes(b"", b""), "holds no readable PEM certificate"),
        (lambda mount, root: mount.put(root.below(ca=False)), "not a CA certificate"),
        (lambda mount, _root: mount.put(Signer.root("x").below()), "does not chain"),
        (lambda mount, root: mount.put(root.below(begins=NOW - DAY, lifetime=HOUR)), "expired at"),
        (lambda mount, root: mount.put(root.below(begins=NOW + HOUR)), "check the clock"),
        (
            lambda mount, root: mount.put(root.below(key=rsa.generate_private_key(65537, 2048))),
            "not an ECDSA key",
        ),
    ],
    ids=["missing", "empty", "leaf", "stranger", "expired", "future", "RSA"],
)
async def test_a_start_without_a_usable_issuer_recovers(
    mount: IssuerMount,
    root: Signer,
    watch: Watch,
    spoil: Callable[[IssuerMount, Signer], None],
    said: str,
) -> None:
    spoil(mount, root)
    watched = await watch(mount)
    assert not watched.ready
    with pytest.raises(IssuerUnavailable, match=said):
        watched.rotation.current()
    (notice,) = watched.notices
    assert notice.warning
    assert notice.message.startswith("no certificates can be issued: ")
    assert watched.told == [VALIDATION_FAILED]
    good = root.below("good")
    mount.put(good)
    await watched.watch.look()
    assert watched.ready
    assert watched.is_signed_by(good)
    assert watched.told == [UPDATED]


async def test_trust_anchors_are_read_again(mount: IssuerMount, root: Signer, watch: Watch) -> None:
    """The order of a rotation: both anchors, the new issuer, only the new anchor."""
    next_root = Signer.root("next")
    old, new = root.below(), next_root.below()
    mount.put(old)
    watched = await watch(mount)
    mount.put(new)
    await watched.watch.look()
    assert watched.is_signed_by(old)
    assert watched.told == [VALIDATION_FAILED]
    mount.trust(root, next_root)
    await watched.watch.look()
    assert watched.is_signed_by(new)
    mount.trust(next_root)
    await watched.watch.look()
    assert watched.told == [UPDATED, UPDATED]
    mount.trust(root)
    await watched.watch.look()
    assert watched.is_signed_by(new)
    assert watched.told == [VALIDATION_FAILED]


async def test_a_secret_of_cert_manager_and_the_like(
    tmp_path: Path, root: Signer, watch: Watch
) -> None:
    mount = IssuerMount(tmp_path, Scheme.KUBERNETES)
    mount.trust(root)
    middle = root.below("middle")
    mount.put(middle.below(), middle, authority=root.pem)
    watched = await watch(mount)
    assert watched.ready
    above: list[tuple[Signer, bytes | None]] = [
        (middle, middle.pem),
        (middle, middle.pem + root.pem),
        (root, b""),
        (root, None),
    ]
    for signer, authority in above:
        mount.put(signer.below(), authority=authority)
        await watched.watch.look()
    assert watched.told == [UPDATED] * 4


async def test_a_problem_that_stays_is_told_once_an_hour(
    mount: IssuerMount, root: Signer, watch: Watch
) -> None:
    mount.put(root.below())
    watched = await watch(mount)
    mount.put_bytes(b"", b"")
    for minutes in range(0, 125, 5):
        await watched.at(NOW + minutes * MINUTE)
    assert watched.told == [UPDATE_SKIPPED] * 3


async def test_expiry_is_announced_and_then_named(
    mount: IssuerMount, root: Signer, watch: Watch
) -> None:
    mount.put(root.below(lifetime=2 * DAY))
    watched = await watch(mount)
    await watched.at(NOW + 35 * HOUR)
    assert watched.told == []
    await watched.at(NOW + 36 * HOUR)
    assert watched.ready
    assert "expires at 2026-11-25 12:00:00 UTC, in 12 hours" in watched.notices[0].message
    assert watched.told == [EXPIRING]
    await watched.at(NOW + 2 * DAY)
    assert not watched.ready
    assert "expired at 2026-11-25 12:00:00 UTC" in watched.notices[0].message
    assert watched.told == [VALIDATION_FAILED]
    with pytest.raises(IssuerUnavailable, match="expired at"):
        watched.issue()
    mount.put(root.below("new", begins=NOW + 2 * DAY))
    await watched.watch.look()
    assert watched.ready
    assert watched.told == [UPDATED]


async def test_time_is_judged_without_a_change_of_the_files(
    mount: IssuerMount, root: Signer, watch: Watch, ticks: pytest.MonkeyPatch
) -> None:
    ticks.setattr(issuer_watch, "TICK_SECONDS", 0.01)
    mount.put(root.below(lifetime=DAY))
    watched = await watch(mount)
    assert watched.ready
    watched.now = NOW + DAY
    await until(lambda: not watched.ready)
    watched.now = NOW
    await until(lambda: watched.ready)


@pytest.mark.fault(64)
@pytest.mark.parametrize(
    "skew", [30, -30, 300, -300, 86400, -86400], ids=lambda skew: f"{skew:+} s"
)
async def test_a_clock_that_is_wrong_while_an_issuer_is_replaced(
    mount: IssuerMount, root: Signer, watch: Watch, skew: int
) -> None:
    """The machine that makes issuers goes right, ours is `skew` seconds off."""
    mount.put(root.below(begins=NOW - 10 * DAY))
    watched = await watch(mount)
    mount.put(new := root.below("new", begins=NOW))
    await watched.at(NOW + timedelta(seconds=skew))
    leaf = watched.issue()
    assert leaf.not_valid_before_utc <= watched.now
    if skew >= 0:
        assert watched.is_signed_by(new)
        assert watched.told == [UPDATED]
        return
    # Ours is behind: the old one signs, and the clock is named.
    assert watched.notices[0].message.count("check the clock of this machine") == 1
    assert watched.told == [VALIDATION_FAILED]
    assert watched.ready
    await watched.at(NOW - SKEW)
    assert watched.is_signed_by(new)
    assert watched.issue().not_valid_before_utc == NOW
    assert watched.told == [UPDATED]


@pytest.mark.fault(64)
@pytest.mark.parametrize("jump", [30, 300, 86400], ids=lambda jump: f"-{jump} s")
async def test_a_clock_that_jumps_back_after_the_renewal(
    mount: IssuerMount, root: Signer, watch: Watch, jump: int
) -> None:
    """What signs was made in the future now: nothing is issued until the clock is right again."""
    mount.put(new := root.below())
    watched = await watch(mount)
    await watched.at(NOW - timedelta(seconds=jump))
    assert not watched.ready
    assert watched.told == [VALIDATION_FAILED]
    with pytest.raises(IssuerUnavailable, match="check the clock of this machine"):
        watched.issue()
    await watched.at(NOW + MINUTE)
    assert watched.ready
    assert watched.is_signed_by(new)
    assert watched.issue().not_valid_before_utc >= NOW
