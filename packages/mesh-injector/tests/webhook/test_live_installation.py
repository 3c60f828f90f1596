"""Mounted values and trust anchors: what can be used counts, and what cannot changes nothing."""

import pytest
from serving_certificates import make_pair

from mesh_injector.webhook.errors import ConfigurationRefused, LookupFailed
from mesh_injector.webhook.live_installation import TRUST_ANCHORS, VALUES, LiveInstallation

ROOT = make_pair()
GOOD = {VALUES: b"clusterDomain: example.org", TRUST_ANCHORS: ROOT.certificate}


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        ({VALUES: b"proxy: [1]"}, "value proxy: expected names and values, got a list"),
        ({VALUES: b"\xff"}, "the mounted files are not UTF-8"),
        ({TRUST_ANCHORS: b"\xff"}, "the mounted files are not UTF-8"),
        ({TRUST_ANCHORS: b""}, "the trust anchors hold no certificate; put the roots"),
        ({TRUST_ANCHORS: ROOT.certificate + ROOT.key}, "the trust anchors hold a private key"),
    ],
    ids=["wrong-values", "no-text", "wrong-roots", "no-roots", "secret-roots"],
)
def test_what_cannot_be_used_changes_nothing(spoilt, complaint):
    live = LiveInstallation("linkerd")
    news = []
    live.on_change(lambda: news.append(live.current))
    with pytest.raises(ConfigurationRefused, match=complaint):
        live.load(GOOD | spoilt)
    with pytest.raises(LookupFailed, match="no configuration yet"):
        assert live.current
    live.load(GOOD)
    with pytest.raises(ConfigurationRefused, match=complaint):
        live.load(GOOD | spoilt)
    assert live.current.cluster_domain == "example.org"
    assert live.current.trust_anchors == ROOT.certificate.decode()
    assert news == [live.current]
