"""The directory of certificates: completed, kept, or refused with a reason."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtensionOID, NameOID

from mesh_identity.authority import new_key
from mesh_identity.credentials import initialise, load_issuer, load_token_key
from mesh_identity.errors import CredentialsError
from mesh_identity.testing import NOW

FILES = {"ca.crt", "ca.key", "issuer.crt", "issuer.key", "ca-bundle.crt"}


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def refusal(directory: Path) -> str:
    with pytest.raises(CredentialsError) as caught:
        initialise(directory, "cluster.local", NOW)
    return str(caught.value)


def test_an_empty_directory_gets_everything(tmp_path: Path) -> None:
    done = initialise(tmp_path / "new" / "ca", "cluster.local", NOW)
    assert {path.name for path in done.made} == FILES
    assert done.kept == ()
    assert load_issuer(tmp_path / "new" / "ca", now=NOW).expires == NOW + timedelta(days=365)


def test_keys_are_private(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["ca.key"] == modes["issuer.key"] == 0o600
    assert set(modes) == FILES


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    before = contents(tmp_path)
    done = initialise(tmp_path, "cluster.local", NOW)
    assert done.made == ()
    assert {path.name for path in done.kept} == FILES
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "lost",
    [
        {"issuer.crt", "issuer.key", "ca-bundle.crt"},
        {"issuer.crt", "ca-bundle.crt"},
        {"ca.crt", "issuer.crt", "issuer.key", "ca-bundle.crt"},
        {"ca-bundle.crt"},
    ],
    ids=str,
)
def test_an_interrupted_start_is_completed(tmp_path: Path, lost: set[str]) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    before = contents(tmp_path)
    for name in lost:
        (tmp_path / name).unlink()
    done = initialise(tmp_path, "cluster.local", NOW)
    assert {path.name for path in done.made} == lost
    after = contents(tmp_path)
    assert {name: after[name] for name in FILES - lost} == {
        name: before[name] for name in FILES - lost
    }


def test_ones_own_root_needs_no_key(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    (tmp_path / "ca.key").unlink()
    assert initialise(tmp_path, "cluster.local", NOW).made == ()


def test_without_the_roots_key_no_issuer_can_be_made(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    for name in ("ca.key", "issuer.crt", "issuer.key"):
        (tmp_path / name).unlink()
    assert "ca.key: is needed" in refusal(tmp_path)


def test_an_issuer_without_root_is_refused(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    (tmp_path / "ca.crt").unlink()
    assert "issuer.crt: is there without ca.crt" in refusal(tmp_path)


def test_another_roots_key_is_refused(tmp_path: Path) -> None:
    initialise(tmp_path / "a", "cluster.local", NOW)
    initialise(tmp_path / "b", "cluster.local", NOW)
    (tmp_path / "a" / "ca.key").write_bytes((tmp_path / "b" / "ca.key").read_bytes())
    (tmp_path / "a" / "issuer.crt").unlink()
    assert "ca.key: does not belong to ca.crt" in refusal(tmp_path / "a")
    assert not (tmp_path / "a" / "issuer.crt").exists()


def test_another_meshs_bundle_is_refused(tmp_path: Path) -> None:
    initialise(tmp_path / "a", "cluster.local", NOW)
    initialise(tmp_path / "b", "cluster.local", NOW)
    (tmp_path / "a" / "ca-bundle.crt").write_bytes((tmp_path / "b" / "ca.crt").read_bytes())
    assert "does not chain" in refusal(tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("issuer.key", "is not an unencrypted PEM private key"),
        ("issuer.crt", "holds no readable PEM certificate"),
        ("ca-bundle.crt", "holds no readable PEM certificate"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, name: str, said: str) -> None:
    initialise(tmp_path, "cluster.local", NOW)
    for content in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / name).write_bytes(content)
        assert f"{tmp_path / name}: {said}" in refusal(tmp_path)


def test_expired_certificates_are_named(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW - timedelta(days=366))
    assert "expired at" in refusal(tmp_path)


def test_an_expired_root_signs_no_issuer(tmp_path: Path) -> None:
    initialise(tmp_path, "cluster.local", NOW - timedelta(days=400))
    for name in ("issuer.crt", "issuer.key", "ca-bundle.crt"):
        (tmp_path / name).unlink()
    assert "ca.crt: expired at 2" in refusal(tmp_path)
    assert not (tmp_path / "issuer.crt").exists()


def test_a_long_trust_domain_is_not_cut_short(tmp_path: Path) -> None:
    domain = ".".join(["a" * 40] * 6)
    initialise(tmp_path, domain, NOW)
    assert load_issuer(tmp_path, now=NOW).expires == NOW + timedelta(days=365)


@pytest.mark.parametrize("broken", ["issuer.crt", "ca-bundle.crt"])
def test_a_certificate_with_a_broken_part_is_named(tmp_path: Path, broken: str) -> None:
    """Its outer form is right, so that it is noticed only when the part is read."""
    initialise(tmp_path, "cluster.local", NOW)
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broken")])
    part = x509.UnrecognizedExtension(ExtensionOID.BASIC_CONSTRAINTS, b"\xff")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(part, critical=True)
        .sign(key, SHA256())
    )
    (tmp_path / broken).write_bytes(certificate.public_bytes(Encoding.PEM))
    if broken == "issuer.crt":
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "issuer.key").write_bytes(pem)
    assert str(tmp_path) in refusal(tmp_path)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("")
    assert f"{tmp_path / 'ca'}: cannot be created" in refusal(tmp_path / "ca")


def test_a_token_key_is_a_p256_public_key(tmp_path: Path) -> None:
    path = tmp_path / "token.pem"
    key = new_key()
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert load_token_key(path) == key.public_key()


def test_other_token_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "token.pem"
    rsa_key = rsa.generate_private_key(65537, 2048).public_key()
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    for public in (rsa_key, p384):
        path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with pytest.raises(CredentialsError, match="P-256"):
            load_token_key(path)
    path.write_bytes(new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(CredentialsError, match="not a PEM public key"):
        load_token_key(path)
    with pytest.raises(CredentialsError, match="cannot be read"):
        load_token_key(tmp_path / "missing.pem")
