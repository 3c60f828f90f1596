"""Whether workloads can be certified, now and for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mesh_cli.check import certificates, expected
from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.certificates import Chain
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.errors import UnusableCertificate, UnusableConfiguration
from mesh_cli.check.finding import Finding, Level, error, errors, warning, warnings
from mesh_cli.check.installed import installed
from mesh_core.resources import ConfigMap, Secret
from mesh_injector.containers.names import TRUST_ROOTS, TRUST_ROOTS_KEY

NAME = "linkerd-identity"

SCHEMES: Mapping[str, tuple[str, str]] = {
    "linkerd.io/tls": ("crt.pem", "key.pem"),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Under which keys the Secret holds certificate and private key."""

_RENEW_ISSUER = (
    f"put a new certificate and key into Secret {expected.ISSUER}; it is used without a restart"
)
_RENEW_ANCHOR = (
    f"add a new root to ConfigMap {TRUST_ROOTS}, restart what is meshed, then renew the issuer"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificates that identity works with."""

    anchors: Chain
    issuer: Chain
    """The issuer's certificate first, then what its Secret holds beside it."""
    renewed: bool
    """Whether something else than the chart provides the issuer, and renews it."""

    def path(self, now: datetime) -> Chain | None:
        """The way from the issuer to an anchor; None when there is none."""
        return certificates.path_to(self.issuer, self.anchors, now)


def read_authority(
    control_plane: str, scheme: str, roots: ConfigMap | None, secret: Secret | None
) -> Authority:
    """Read what the cluster holds; raises CheckError."""
    where = f"ConfigMap {control_plane}/{TRUST_ROOTS}"
    text = (roots.data if roots is not None else {}).get(TRUST_ROOTS_KEY, "")
    if not text.strip():
        raise UnusableCertificate(_lacking(where, roots is None, TRUST_ROOTS_KEY))
    anchors = certificates.read_certificates(text, f"{where}, key {TRUST_ROOTS_KEY},")
    if scheme not in SCHEMES:
        known = " and ".join(SCHEMES)
        raise UnusableConfiguration(f"identity.issuer.scheme is {scheme!r}; there are {known}")
    where = f"Secret {control_plane}/{expected.ISSUER}"
    data = secret.values() if secret is not None else {}
    for name in SCHEMES[scheme]:
        if not data.get(name, b"").strip():
            raise UnusableCertificate(_lacking(where, secret is None, name))
    certificate, key = SCHEMES[scheme]
    chain = certificates.read_certificates(data[certificate], f"{where}, key {certificate},")
    private = certificates.read_key(data[key], f"{where}, key {key},")
    if not certificates.belong_together(private, chain[0]):
        raise UnusableCertificate(
            f"{where}: {key} is not the key of {certificate}; store a pair that belongs together"
        )
    return Authority(anchors, chain, renewed=scheme == "kubernetes.io/tls")


def judge_anchor_keys(authority: Authority) -> Finding | None:
    """Say which roots proxies cannot use."""
    return errors(
        [
            f"trust anchor {problem}; make another root"
            for each in authority.anchors
            if (problem := certificates.unsupported(each, rsa_allowed=True))
        ]
    )


def judge_anchors_valid(authority: Authority, now: datetime) -> Finding | None:
    """Say which roots do not count now; one that nothing depends on is only a warning."""
    invalid = {
        each: problem
        for each in authority.anchors
        if (problem := certificates.invalid_now(each, now))
    }
    if not invalid:
        return None
    path = authority.path(now)
    needed = path is None or path[-1] in invalid
    if needed:
        lines = [f"trust anchor {problem}; {_RENEW_ANCHOR}" for problem in invalid.values()]
        return error(*lines)
    lines = [
        f"trust anchor {problem}; take it out of {TRUST_ROOTS}" for problem in invalid.values()
    ]
    return warning(*lines)


def judge_anchors_last(authority: Authority, now: datetime) -> Finding | None:
    """Say which roots end soon."""
    return warnings(
        [
            f"trust anchor {problem}; {_RENEW_ANCHOR}"
            for each in authority.anchors
            if (problem := certificates.expiring(each, now))
        ]
    )


def judge_issuer_key(authority: Authority) -> Finding | None:
    """Say why proxies would not accept what the issuer signs."""
    issuer = authority.issuer[0]
    problem = certificates.unsupported(issuer, rsa_allowed=False)
    if problem is None and not certificates.is_authority(issuer):
        problem = (
            f"{certificates.subject(issuer)} is not a CA certificate "
            "(basicConstraints CA:TRUE, keyUsage keyCertSign)"
        )
    return error(f"issuer {problem}; {_RENEW_ISSUER}") if problem else None


def judge_issuer_valid(authority: Authority, now: datetime) -> Finding | None:
    """Say that the issuer does not count now."""
    path = authority.path(now) or authority.issuer[:1]
    below_anchor = [each for each in path if each not in authority.anchors] or path[:1]
    problems = [
        problem for each in below_anchor if (problem := certificates.invalid_now(each, now))
    ]
    return errors([f"issuer {problem}; {_RENEW_ISSUER}" for problem in problems])


def judge_issuer_lasts(authority: Authority, now: datetime) -> Finding | None:
    """Say that the issuer ends soon."""
    problem = certificates.expiring(authority.issuer[0], now, renewed=authority.renewed)
    if problem is None:
        return None
    fix = "what renews it did not: look at cert-manager" if authority.renewed else _RENEW_ISSUER
    return warning(f"issuer {problem}; {fix}")


def judge_issued_by_anchor(authority: Authority, now: datetime) -> Finding | None:
    """Say that proxies would not trust what the issuer signs."""
    if authority.path(now) is not None:
        return None
    issuer = authority.issuer[0]
    return error(
        f"no trust anchor signed the issuer {certificates.subject(issuer)}, which names "
        f"{issuer.issuer.rfc4514_string()} as its signer; the anchors are "
        f"{_names(authority.anchors)}. Put the root that signed it into ConfigMap {TRUST_ROOTS}, "
        f"or an issuer that one of them signed into Secret {expected.ISSUER}"
    )


async def authority(view: ClusterView) -> Authority:
    """Read the certificates of the cluster; raises CheckError and StoreError."""
    control_plane = view.settings.control_plane
    return read_authority(
        control_plane,
        (await installed(view)).issuer_scheme,
        await view.find(ConfigMap, control_plane, TRUST_ROOTS),
        await view.find(Secret, control_plane, expected.ISSUER),
    )


async def now(view: ClusterView) -> datetime:
    """Give the API server's time: this machine's clock must not make certificates expire."""
    return (await view.who_am_i()).server_time


async def _readable(view: ClusterView) -> Finding | None:
    await authority(view)
    return None


async def _anchor_keys(view: ClusterView) -> Finding | None:
    return judge_anchor_keys(await authority(view))


async def _anchors_valid(view: ClusterView) -> Finding | None:
    return judge_anchors_valid(await authority(view), await now(view))


async def _anchors_last(view: ClusterView) -> Finding | None:
    return judge_anchors_last(await authority(view), await now(view))


async def _issuer_key(view: ClusterView) -> Finding | None:
    return judge_issuer_key(await authority(view))


async def _issuer_valid(view: ClusterView) -> Finding | None:
    return judge_issuer_valid(await authority(view), await now(view))


async def _issuer_lasts(view: ClusterView) -> Finding | None:
    return judge_issuer_lasts(await authority(view), await now(view))


async def _issued_by_anchor(view: ClusterView) -> Finding | None:
    return judge_issued_by_anchor(await authority(view), await now(view))


def _lacking(where: str, all_of_it: bool, key: str) -> str:
    what = f"{where} does not exist" if all_of_it else f"{where} has nothing under {key}"
    return (
        f"{what}; restore it from a backup, or give the certificates to `helm upgrade`. With "
        "identity.generate=job see whether the Job linkerd-provision-… failed"
    )


def _names(anchors: Chain) -> str:
    return "; ".join(certificates.subject(each) for each in anchors[:3])


CATEGORY = Category(
    NAME,
    (
        Check(
            "certificate config is valid",
            "l5d-identity-cert-config-valid",
            _readable,
            fatal=True,
            retried=True,
        ),
        Check(
            "trust anchors are using supported crypto algorithm",
            "l5d-identity-trustanchors-use-supported-crypto",
            _anchor_keys,
        ),
        Check(
            "trust anchors are within their validity period",
            "l5d-identity-trustanchors-are-time-valid",
            _anchors_valid,
        ),
        Check(
            "trust anchors are valid for at least 60 days",
            "l5d-identity-trustanchors-not-expiring-soon",
            _anchors_last,
            unknown=Level.WARNING,
        ),
        Check(
            "issuer cert is using supported crypto algorithm",
            "l5d-identity-issuer-cert-uses-supported-crypto",
            _issuer_key,
        ),
        Check(
            "issuer cert is within its validity period",
            "l5d-identity-issuer-cert-is-time-valid",
            _issuer_valid,
        ),
        Check(
            "issuer cert is valid for at least 60 days",
            "l5d-identity-issuer-cert-not-expiring-soon",
            _issuer_lasts,
            unknown=Level.WARNING,
        ),
        Check(
            "issuer cert is issued by the trust anchor",
            "l5d-identity-issuer-cert-issued-by-trust-anchor",
            _issued_by_anchor,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)
