"""Certificates of a cluster, and the kubeconfigs that hold them."""

import base64
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from mesh_clusters import kubeconfig
from mesh_clusters.certificates import KeyPair
from mesh_clusters.pki import Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    made = Pki(tmp_path_factory.mktemp("certificates") / "pki")
    made.create(["10.90.0.2", "api.example"])
    return made


def _certificate(files: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes())


def _names(files: KeyPair) -> x509.SubjectAlternativeName:
    return _certificate(files).extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_the_server_is_trusted_under_all_its_names(pki: Pki) -> None:
    names = _names(pki.server)
    dns = names.get_values_for_type(x509.DNSName)
    assert "kubernetes.default.svc" in dns
    assert "api.example" in dns
    addresses = {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "::1", "10.90.0.2"}


def test_clients_chain_to_the_authority_that_the_server_asks_for(pki: Pki) -> None:
    pairs = [(pki.admin, pki.authority), (pki.front_proxy, pki.front_proxy_authority)]
    for client, authority in pairs:
        _certificate(client).verify_directly_issued_by(_certificate(authority))
    with pytest.raises(ValueError, match=r"[Ii]ssuer"):
        _certificate(pki.front_proxy).verify_directly_issued_by(_certificate(pki.authority))


def test_the_administrator_is_in_the_group_that_may_do_everything(pki: Pki) -> None:
    subject = _certificate(pki.admin).subject.rfc4514_string()
    assert "O=system:masters" in subject


def test_keys_are_for_their_owner_only(pki: Pki) -> None:
    keys = list(pki.folder.glob("*.key"))
    assert len(keys) == 7
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700


def test_a_kubeconfig_holds_all_that_a_client_needs(pki: Pki, tmp_path: Path) -> None:
    path = kubeconfig.write(
        tmp_path / "kubeconfig",
        server="https://127.0.0.1:1",
        authority=pki.authority.certificate,
        user=kubeconfig.certificate_user(pki.admin),
        namespace="web",
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    context = document["contexts"][0]
    assert document["current-context"] == context["name"]
    assert context["context"]["namespace"] == "web"
    cluster = document["clusters"][0]["cluster"]
    assert base64.b64decode(cluster["certificate-authority-data"]).startswith(b"-----BEGIN CERT")
    assert kubeconfig.token_user("t") == {"token": "t"}
