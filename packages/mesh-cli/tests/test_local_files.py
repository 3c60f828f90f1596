"""Tokens, logs and volumes: what lies in files."""

import base64
import json
import os
import socket

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from mesh_cli.local.environment import ConfigurationError
from mesh_cli.local.listening import listening_ports
from mesh_cli.local.logfiles import last_line, shorten, tail
from mesh_cli.local.pod_files import hosts, resolv_conf
from mesh_cli.local.settings import DNS_ADDRESSES
from mesh_cli.local.tokens import TokenSigner, write_token
from mesh_cli.local.volumes import make_volumes
from mesh_core.resources import ConfigMap, Pod, Secret, decode_as


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_says_who_for_whom_and_how_long():
    signer = TokenSigner()
    head, claims, signature = signer.sign("shop", "web", 1000.7).split(".")
    assert json.loads(decoded(head)) == {"alg": "ES256", "typ": "JWT"}
    assert json.loads(decoded(claims)) == {
        "iss": "mesh-local",
        "aud": ["identity.l5d.io"],
        "sub": "system:serviceaccount:shop:web",
        "iat": 1000,
        "nbf": 1000,
        "exp": 4600,
    }
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = serialization.load_pem_public_key(signer.public_pem)
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(der, b"other", ec.ECDSA(hashes.SHA256()))


@pytest.mark.netns  # gives the file to another user, which root may
def test_a_token_is_replaced_whole_and_closed(tmp_path):
    path = tmp_path / "token"
    write_token(path, "first", 0)
    inode = path.stat().st_ino
    write_token(path, "second", 0)
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.stat().st_ino != inode
    assert list(tmp_path.iterdir()) == [path]


def test_a_log_is_cut_and_its_newest_part_kept(tmp_path):
    log = tmp_path / "a.log"
    with log.open("ab") as writer:
        writer.write(b"".join(b"line %d\n" % n for n in range(1000)))
        writer.flush()
        assert shorten(log, limit=5000, kept=100)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert tail(log, 2) == b"line 999\nafter\n"
    assert tail(log, None).startswith(b"line 98")
    assert not shorten(log, limit=5000)
    assert not shorten(tmp_path / "none.log")


def test_the_last_line_is_the_reason(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("one\nValueError: two\n\n")
    assert last_line(log) == "ValueError: two"
    assert last_line(tmp_path / "none") == ""


CONFIG = decode_as(
    ConfigMap, {"metadata": {"name": "c", "namespace": "n"}, "data": {"a.txt": "A", "b.txt": "B"}}
)
SECRET = decode_as(
    Secret, {"metadata": {"name": "s", "namespace": "n"}, "stringData": {"key": "K"}}
)


def pod_with(volumes, mounts) -> Pod:
    return decode_as(
        Pod,
        {
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {"volumes": volumes, "containers": [{"name": "a", "volumeMounts": mounts}]},
        },
    )


def make(tmp_path, volumes, mounts):
    known = {(ConfigMap, "c"): CONFIG, (Secret, "s"): SECRET}
    pod = pod_with(volumes, mounts)
    binds = make_volumes(
        pod, tmp_path, lambda kind, _, name: known.get((kind, name)), lambda a, s: f"{a}/{s}"
    )
    return {str(bind.target): bind for bind in binds}


def test_every_kind_of_volume(tmp_path):
    binds = make(
        tmp_path,
        [
            {"name": "empty", "emptyDir": {}},
            {
                "name": "config",
                "configMap": {"name": "c", "items": [{"key": "a.txt", "path": "x/y"}]},
            },
            {"name": "secret", "secret": {"secretName": "s", "defaultMode": 0o400}},
            {
                "name": "all",
                "projected": {
                    "sources": [
                        {
                            "serviceAccountToken": {
                                "path": "token",
                                "audience": "me",
                                "expirationSeconds": 600,
                            }
                        },
                        {
                            "downwardAPI": {
                                "items": [
                                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
                                ]
                            }
                        },
                    ]
                },
            },
        ],
        [
            {"name": "empty", "mountPath": "/data"},
            {"name": "config", "mountPath": "/etc/c"},
            {"name": "secret", "mountPath": "/etc/s"},
            {"name": "all", "mountPath": "/all"},
            {"name": "empty", "mountPath": "/sub", "subPath": "inner", "readOnly": True},
        ],
    )
    assert not binds["/data"].read_only
    assert binds["/etc/c"].read_only
    assert (binds["/etc/c"].source / "x/y").read_text() == "A"
    assert (binds["/etc/s"].source / "key").stat().st_mode & 0o777 == 0o400
    assert (binds["/all"].source / "token").read_text() == "me/600"
    assert (binds["/all"].source / "name").read_text() == "p"
    assert binds["/sub"].source.is_dir()
    assert binds["/sub"].read_only


@pytest.mark.parametrize(
    "volume, words",
    [
        ({"configMap": {"name": "none"}}, "ConfigMap n/none does not exist"),
        ({"configMap": {"name": "c", "items": [{"key": "z", "path": "z"}]}}, "no key 'z'"),
        (
            {"configMap": {"name": "c", "items": [{"key": "a.txt", "path": "../z"}]}},
            "leaves the volume",
        ),
    ],
)
def test_volumes_that_cannot_be(tmp_path, volume, words):
    with pytest.raises(ConfigurationError, match=words):
        make(tmp_path, [{"name": "v", **volume}], [])


def test_an_optional_volume_may_be_empty(tmp_path):
    make(tmp_path, [{"name": "v", "secret": {"secretName": "none", "optional": True}}], [])
    assert list((tmp_path / "v").iterdir()) == []


def test_resolver_and_hosts_are_those_of_a_cluster():
    text = resolv_conf("shop", DNS_ADDRESSES)
    assert "search shop.svc.cluster.local svc.cluster.local cluster.local" in text
    assert "nameserver 10.96.0.10" in text
    assert "options ndots:5" in text
    pod = decode_as(
        Pod,
        {
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {
                "hostname": "h",
                "subdomain": "s",
                "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["x", "y"]}],
            },
        },
    )
    lines = hosts(pod, DNS_ADDRESSES[:1]).splitlines()
    assert "10.96.0.10 h.s.n.svc.cluster.local h" in lines
    assert "1.2.3.4 x y" in lines


def test_listeners_of_a_process():
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        assert listener.getsockname()[1] not in listening_ports(os.getpid())
        listener.listen()
        assert listener.getsockname()[1] in listening_ports(os.getpid())
    assert listening_ports(2**22) == set()
