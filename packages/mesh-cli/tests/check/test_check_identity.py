"""The identity's certificates: what is wrong, and what to do about it."""

import pytest
from authorities import DAY, NOW, YEAR, make, rsa_key

from mesh_cli.check.categories import linkerd_identity as identity
from mesh_cli.check.errors import CheckError
from mesh_cli.check.finding import Level
from mesh_core.resources import ConfigMap, ObjectMeta, Secret

HERE = "linkerd"
LINKERD, KUBERNETES = identity.SCHEMES


def roots(*pairs):
    text = "".join(pair.pem for pair in pairs)
    return ConfigMap(ObjectMeta("linkerd-identity-trust-roots", HERE), {"ca-bundle.crt": text})


def secret(pair, *chain, scheme=LINKERD, key=None):
    certificate, private = identity.SCHEMES[scheme]
    text = "".join(each.pem for each in (pair, *chain))
    data = {certificate: text.encode(), private: (key or pair).key_pem.encode()}
    return Secret(ObjectMeta("linkerd-identity-issuer", HERE), data)


def authority(anchors, issuer, *chain, scheme=LINKERD):
    return identity.read_authority(
        HERE, scheme, roots(*anchors), secret(issuer, *chain, scheme=scheme)
    )


def judgements(found, now=NOW):
    """How the category reads, without what is well."""
    judged = {
        "anchor keys": identity.judge_anchor_keys(found),
        "anchors valid": identity.judge_anchors_valid(found, now),
        "anchors last": identity.judge_anchors_last(found, now),
        "issuer key": identity.judge_issuer_key(found),
        "issuer valid": identity.judge_issuer_valid(found, now),
        "issuer lasts": identity.judge_issuer_lasts(found, now),
        "issued by": identity.judge_issued_by_anchor(found, now),
    }
    return {name: (each.level, str(each)) for name, each in judged.items() if each}


@pytest.fixture(scope="module")
def root():
    return make("root")


@pytest.fixture(scope="module")
def issuer(root):
    return make("issuer", root)


@pytest.mark.parametrize("scheme", identity.SCHEMES)
def test_all_is_well(root, issuer, scheme):
    assert judgements(authority([root], issuer, scheme=scheme)) == {}


def test_a_root_may_be_rsa_and_the_issuer_below_an_intermediate():
    root = make("root", key=rsa_key())
    middle = make("middle", root)
    assert judgements(authority([root], make("issuer", middle), middle)) == {}


def test_a_root_that_is_the_issuer_too():
    root = make("root")
    assert judgements(authority([root], root)) == {}


def test_an_expired_issuer_is_the_issuers_trouble_alone(root):
    issuer = make("issuer", root, begins=NOW - 2 * DAY, ends=NOW - DAY)
    [(level, said)] = judgements(authority([root], issuer)).values()
    assert level is Level.ERROR
    assert said.startswith("issuer CN=issuer expired at 2026-05-31T00:00:00Z; put a new")


def test_an_issuer_of_the_future_tells_both_times(root):
    issuer = make("issuer", root, begins=NOW + DAY, ends=NOW + YEAR)
    found = judgements(authority([root], issuer))
    assert found.keys() == {"issuer valid"}
    assert "not valid before 2026-06-02T00:00:00Z, and it is 2026-06-01" in found["issuer valid"][1]


def test_wrong_trust_roots_name_who_is_looked_for_and_who_is_there(issuer):
    found = judgements(authority([make("stranger")], issuer))
    assert found.keys() == {"issued by"}
    level, said = found["issued by"]
    assert level is Level.ERROR
    assert "names CN=root as its signer; the anchors are CN=stranger" in said


def test_an_expired_anchor_that_nothing_needs_is_a_warning(root, issuer):
    old = make("old", begins=NOW - YEAR, ends=NOW - DAY)
    found = judgements(authority([old, root], issuer))
    assert found.keys() == {"anchors valid"}
    assert found["anchors valid"][0] is Level.WARNING
    assert "take it out" in found["anchors valid"][1]


def test_an_expired_anchor_above_the_issuer_is_an_error():
    old = make("old", begins=NOW - YEAR, ends=NOW - DAY)
    found = judgements(authority([old], make("issuer", old)))
    assert found["anchors valid"][0] is Level.ERROR


def test_what_ends_soon_is_a_warning(root):
    anchor = make("root", ends=NOW + 30 * DAY)
    found = judgements(authority([anchor], make("issuer", anchor, ends=NOW + 20 * DAY)))
    assert {name: level for name, (level, _) in found.items()} == {
        "anchors last": Level.WARNING,
        "issuer lasts": Level.WARNING,
    }


def test_an_issuer_of_two_days_that_something_renews_is_well(root):
    issuer = make("issuer", root, begins=NOW - DAY / 2, ends=NOW + 1.5 * DAY)
    assert judgements(authority([root], issuer, scheme=KUBERNETES)) == {}
    assert judgements(authority([root], issuer)).keys() == {"issuer lasts"}


def test_an_issuer_that_proxies_cannot_use(root):
    found = judgements(authority([root], make("issuer", root, key=rsa_key())))
    assert "uses RSA, not ECDSA" in found["issuer key"][1]
    found = judgements(authority([root], make("issuer", root, authority=False)))
    assert "is not a CA certificate" in found["issuer key"][1]


@pytest.mark.parametrize(
    ("scheme", "roots_there", "held", "said"),
    [
        (LINKERD, None, "both", "ConfigMap linkerd/linkerd-identity-trust-roots does not exist"),
        (LINKERD, "", "both", "trust-roots has nothing under ca-bundle.crt"),
        (LINKERD, "rubbish", "both", "key ca-bundle.crt, holds no readable PEM certificate"),
        (LINKERD, "root", None, "Secret linkerd/linkerd-identity-issuer does not exist"),
        (KUBERNETES, "root", "both", "linkerd-identity-issuer has nothing under tls.crt"),
        (LINKERD, "root", "stranger", "key.pem is not the key of crt.pem"),
        ("vault", "root", "both", "identity.issuer.scheme is 'vault'; there are linkerd.io/tls"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(root, issuer, scheme, roots_there, held, said):
    there = {None: None, "root": roots(root)}.get(roots_there)
    if roots_there in {"", "rubbish"}:
        there = ConfigMap(ObjectMeta("x", HERE), {"ca-bundle.crt": roots_there})
    stored = {None: None, "both": secret(issuer), "stranger": secret(issuer, key=root)}[held]
    with pytest.raises(CheckError) as problem:
        identity.read_authority(HERE, scheme, there, stored)
    assert said in str(problem.value)
