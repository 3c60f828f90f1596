"""The command as its users start it: flags, files, signals, exit codes."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mesh_identity.testing import TokenMaker, certify_request
from mesh_proto.pb.identity_pb2_grpc import IdentityStub

COMMAND = [sys.executable, "-m", "mesh_identity.main"]
SECONDS = 20.0


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.fixture
def token_key(tmp_path: Path, sign_token: TokenMaker) -> Path:
    path = tmp_path / "token.pem"
    public = sign_token.key.public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def process(tmp_path: Path, token_key: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = ["serve", "--dir", tmp_path / "ca", "--token-key", token_key]
    addresses = ["--addr", "0.0.0.0", "--admin-addr", "127.0.0.1"]
    command = [*COMMAND, *map(str, arguments), *addresses]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def serving_port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"on port (\d+)", line):
            return int(found[1])
    raise AssertionError("it ended before it served")


def test_init_makes_then_keeps(tmp_path: Path) -> None:
    first, second = run("init", "--dir", tmp_path), run("init", "--dir", tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.count("made ") == second.stdout.count("kept ") == 5
    assert "made" not in second.stdout


IPV6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("[::1]", marks=IPV6)])
def test_serve_makes_certificates_and_certifies_on_both_families(
    process: subprocess.Popen[str], sign_token: TokenMaker, host: str
) -> None:
    with grpc.insecure_channel(f"{host}:{serving_port(process)}") as channel:
        request = certify_request(sign_token(now=datetime.now(UTC)))
        assert IdentityStub(channel).Certify(request, timeout=SECONDS).leaf_certificate


def test_sigterm_ends_it_in_order(process: subprocess.Popen[str]) -> None:
    serving_port(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0


def test_the_admin_port_serves_metrics(tmp_path: Path, token_key: Path) -> None:
    from mesh_core.authority import Authority
    from mesh_core.service import listen

    with listen(Authority.parse("127.0.0.1")) as probe:
        admin = probe.getsockname()[1]
    arguments = ["serve", "--dir", tmp_path / "ca", "--token-key", token_key, "--addr", "127.0.0.1"]
    command = [*COMMAND, *map(str, arguments), "--admin-addr", f"127.0.0.1:{admin}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        serving_port(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=SECONDS) as answer:
            metrics = answer.read().decode()
        process.terminate()
        assert process.wait(timeout=5) == 0
    assert "issuer_cert_ttl_seconds" in metrics
    assert "identity_certificates_issued_total 0.0" in metrics
    assert "_created" not in metrics


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["serve", "--dir", "x"], "--token-key (or --kubernetes)"),
        (["serve"], "--dir, --token-key"),
        (["serve", "--kubernetes", "--dir", "x"], "--dir: is for one machine"),
        (["serve", "--kubernetes", "--issuer-scheme", "tls"], "'tls'"),
        (["serve", "--kubernetes", "--kube-apiclient-qps", "0"], "not a number above 0"),
        (["serve", "--dir", "x", "--issuer-dir", "y"], "--issuer-dir: needs --kubernetes"),
        (["serve", "--dir", "x", "--kubeconfig", "y"], "--kubeconfig: needs --kubernetes"),
        (["provision", "--namespace", "a.b"], "'a.b'"),
        (["init"], "--dir"),
        (["serve", "--dir", "x", "--token-key", "y", "--addr", "a:b"], "--addr"),
        (["serve", "--dir", "x", "--token-key", "y", "--issuance-lifetime", "1"], "length of time"),
        (["serve", "--dir", "x", "--token-key", "y", "--trust-domain", "A B"], "'A B'"),
        (["serve", "--dir", "x", "--token-key", "y", "--controller-namespace", "a.b"], "'a.b'"),
        (["serve", "--dir", "x", "--token-key", "y", "--log-format", "xml"], "'xml'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_64(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 64
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_key_is_one_line_and_1(tmp_path: Path) -> None:
    addresses = ["--addr", "127.0.0.1", "--admin-addr", "127.0.0.1"]
    done = run("serve", "--dir", tmp_path / "ca", "--token-key", tmp_path / "no.pem", *addresses)
    assert done.returncode == 1
    assert done.stderr.endswith("no.pem: cannot be read: No such file or directory\n")


def test_outside_of_a_cluster_it_says_so(tmp_path: Path) -> None:
    """No kubeconfig where it was said to be: the end, since that does not come right by itself."""
    admin = ["--admin-addr", "127.0.0.1"]
    missing = tmp_path / "kubeconfig"
    for command in (["serve", "--kubernetes", *admin], ["provision"]):
        done = run(*command, "--kubeconfig", missing)
        assert done.returncode == 1
        assert str(missing) in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_broken_directory_is_one_line_and_1(tmp_path: Path) -> None:
    (tmp_path / "issuer.crt").write_text("x")
    done = run("init", "--dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "issuer.crt: is there without ca.crt" in done.stderr


def test_a_port_in_use_is_one_line_and_1(tmp_path: Path, token_key: Path) -> None:
    from mesh_core.authority import Authority
    from mesh_core.service import listen

    run("init", "--dir", tmp_path / "ca")
    with listen(Authority.parse("127.0.0.1")) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        admin = ["--admin-addr", "127.0.0.1"]
        arguments = ["serve", "--dir", tmp_path / "ca", "--token-key", token_key]
        done = run(*arguments, "--addr", address, *admin)
    assert done.returncode == 1
    assert done.stderr == (
        f"mesh-identity: cannot listen on {address}: "
        "is the port in use, or the address another machine's?\n"
    )
