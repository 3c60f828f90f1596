"""The client against a real API server: who we are, what we may, what we write."""

import asyncio
import json
import os
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from store_transcript import until

from mesh_core.kubernetes import (
    Access,
    ConfigurationError,
    ForbiddenError,
    KindNotServedError,
    KubernetesClient,
    KubernetesStore,
    RejectedError,
    UnauthorizedError,
    UnreachableError,
    read_access,
)
from mesh_core.kubernetes import transport as transport_module
from mesh_core.kubernetes.connection import TokenFile
from mesh_core.kubernetes.in_cluster import in_cluster
from mesh_core.kubernetes.kubeconfig import find_kubeconfig
from mesh_core.resources import (
    ConfigMap,
    Deployment,
    Lease,
    LeaseSpec,
    Namespace,
    ObjectMeta,
    Pod,
    ReplicaSet,
    Service,
)
from mesh_core.store import ConflictError, NotFoundError, StoreError

pytest_plugins = ["mesh_clusters.fixtures"]

AGENT = "mesh-tests"
SPACE = "client-tests"


@pytest.fixture
async def client(api_server):
    async with await KubernetesClient.connect(api_server.kubeconfig, user_agent=AGENT) as client:
        yield client


@pytest.fixture(scope="session")
def space(api_server):
    """A namespace for all tests; each names its objects after itself."""
    api_server.token(SPACE, "pod")  # makes both
    return SPACE


@pytest.fixture
def account(api_server, tmp_path):
    """What the kubelet puts into a pod, and a pod's environment."""
    (tmp_path / "token").write_text(api_server.token(SPACE, "pod") + "\n")
    (tmp_path / "ca.crt").write_bytes(api_server.ca_file.read_bytes())
    (tmp_path / "namespace").write_text(SPACE)
    host, _, port = api_server.url.removeprefix("https://").rpartition(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    return tmp_path, environ


def kubeconfig(path, server, **user):
    authority = user.pop("authority", None)
    cluster = {"server": server}
    cluster |= {"certificate-authority": str(authority)} if authority else {}
    context = {"cluster": "c", "user": "u", "namespace": "shop"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context}],
    }
    path.write_text(json.dumps(document))
    return path


async def whoami(client):
    """The name that the API server knows us by."""
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = b'{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'
    answer = json.loads(await client.request("POST", path, body=body))
    return answer["status"]["userInfo"]["username"]


async def test_a_kubeconfig_with_a_client_certificate(api_server, client):
    assert client.server == api_server.url
    assert client.default_namespace == "default"
    assert str(await client.version()).startswith("v1.")
    assert "kube-system" in {each.name for each in await client.list(Namespace)}


async def test_in_a_pod_the_service_account_speaks(account):
    folder, environ = account
    source = in_cluster(folder, environ)
    async with await KubernetesClient.connect_by(source, user_agent=AGENT) as client:
        assert await whoami(client) == f"system:serviceaccount:{SPACE}:pod"
        assert client.default_namespace == SPACE
        with pytest.raises(ForbiddenError, match="lacks the permission to list pods"):
            await client.list(Pod)


async def test_in_a_pod_of_an_ipv6_cluster(account):
    folder, environ = account
    connection = await in_cluster(folder, environ | {"KUBERNETES_SERVICE_HOST": "fd00::1"})()
    port = environ["KUBERNETES_SERVICE_PORT"]
    assert connection.server == f"https://[fd00::1]:{port}"


async def test_a_token_that_is_refused_is_read_again_once(account, monkeypatch, api_server):
    monkeypatch.setattr(transport_module, "RELOAD_SECONDS", 0)
    folder, environ = account
    good = (folder / "token").read_text()
    (folder / "token").write_text("e30.e30.e30")
    source = in_cluster(folder, environ)
    async with await KubernetesClient.connect_by(source, user_agent=AGENT) as client:
        with pytest.raises(UnauthorizedError, match="does not accept the credentials"):
            await whoami(client)
        (folder / "token").write_text(good)
        assert await whoami(client) == f"system:serviceaccount:{SPACE}:pod"


async def test_a_refused_token_is_not_tried_again_and_again(account):
    folder, environ = account
    (folder / "token").write_text("e30.e30.e30")
    found = []

    async def source():
        found.append(1)
        return await in_cluster(folder, environ)()

    async with await KubernetesClient.connect_by(source, user_agent=AGENT) as client:
        for _ in range(5):
            with pytest.raises(UnauthorizedError):
                await whoami(client)
    assert len(found) == 1


async def test_a_replaced_authority_is_found(account, monkeypatch, api_server):
    monkeypatch.setattr(transport_module, "RELOAD_SECONDS", 0)
    folder, environ = account
    right = (folder / "ca.crt").read_bytes()
    other = os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    with open(other, "rb") as file:  # noqa: ASYNC230, PTH123
        (folder / "ca.crt").write_bytes(file.read())
    source = in_cluster(folder, environ)
    async with await KubernetesClient.connect_by(source, user_agent=AGENT) as client:
        with pytest.raises(UnreachableError, match="is not trusted"):
            await whoami(client)
        (folder / "ca.crt").write_bytes(right)
        assert await whoami(client) == f"system:serviceaccount:{SPACE}:pod"


def test_a_token_file_is_read_anew_every_minute(tmp_path):
    now = [0.0]
    path = tmp_path / "token"
    path.write_text("one\n")
    token = TokenFile(path, clock=lambda: now[0])
    assert token() == "Bearer one"
    path.write_text("two")
    assert token() == "Bearer one"
    now[0] = 60
    assert token() == "Bearer two"
    path.write_text("")  # as in the middle of a replacement that is not atomic
    now[0] = 120
    assert token() == "Bearer two"
    path.write_text("three")
    assert token() == "Bearer three"
    path.unlink()
    with pytest.raises(UnauthorizedError, match="cannot read the token"):
        TokenFile(path)()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "cannot read the token"),
        ({"token": "a b"}, "does not hold one token"),
        ({"token": "t"}, "cannot use the CA"),
        ({"token": "t", "ca.crt": "no certificate"}, "cannot use the CA"),
    ],
)
async def test_a_broken_service_account_is_told(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    environ = {"KUBERNETES_SERVICE_HOST": "::1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(ConfigurationError, match=said):
        await in_cluster(tmp_path, environ)()


async def test_without_anything_the_next_step_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="name a kubeconfig with --kubeconfig"):
        await in_cluster(tmp_path, {})()


def test_kubeconfig_is_found_where_kubectl_finds_it(tmp_path):
    assert find_kubeconfig({}) is None
    assert find_kubeconfig({"HOME": str(tmp_path)}) is None
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").touch()
    assert find_kubeconfig({"HOME": str(tmp_path)}) == str(tmp_path / ".kube" / "config")
    assert find_kubeconfig({"HOME": str(tmp_path), "KUBECONFIG": "/x:/y"}) == "/x:/y"


async def test_a_token_file_of_a_kubeconfig(api_server, space, tmp_path):
    (tmp_path / "token").write_text(api_server.token(SPACE, "pod") + "\n")
    path = kubeconfig(
        tmp_path / "config", api_server.url, tokenFile="token", authority=api_server.ca_file
    )
    async with await KubernetesClient.connect(path, user_agent=AGENT) as client:
        assert client.default_namespace == "shop"
        assert await whoami(client) == f"system:serviceaccount:{SPACE}:pod"


async def test_an_exec_plugin_of_a_kubeconfig(api_server, space, tmp_path):
    plugin = tmp_path / "plugin"
    api_version = "client.authentication.k8s.io/v1"
    credential = {
        "apiVersion": api_version,
        "kind": "ExecCredential",
        "status": {"token": api_server.token(SPACE, "pod")},
    }
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(credential)}'\n")
    plugin.chmod(0o755)
    settings = {"apiVersion": api_version, "command": str(plugin), "interactiveMode": "Never"}
    path = kubeconfig(
        tmp_path / "config", api_server.url, exec=settings, authority=api_server.ca_file
    )
    async with await KubernetesClient.connect(path, user_agent=AGENT) as client:
        assert await whoami(client) == f"system:serviceaccount:{SPACE}:pod"
    plugin.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ConfigurationError, match="gave no credential"):
        await KubernetesClient.connect(path, user_agent=AGENT)


async def test_a_context_that_does_not_exist_is_told(api_server):
    with pytest.raises(ConfigurationError, match="elsewhere"):
        await KubernetesClient.connect(api_server.kubeconfig, "elsewhere", user_agent=AGENT)


async def test_a_server_that_is_not_there_is_told(tmp_path):
    path = kubeconfig(tmp_path / "config", "http://127.0.0.1:1")
    async with await KubernetesClient.connect(path, user_agent=AGENT) as client:
        with pytest.raises(UnreachableError, match=r"cannot reach http://127\.0\.0\.1:1"):
            await client.version()


async def test_an_audience_is_checked(api_server, client):
    audience = "identity.l5d.io"
    token = api_server.token(SPACE, "workload", [audience]).encode()
    review = await client.review_token(token, [audience])
    assert review.authenticated
    assert review.username == f"system:serviceaccount:{SPACE}:workload"
    assert review.audiences == (audience,)
    for wrong, audiences in ((token, ["other"]), (token, []), (b"x", [audience]), (b"\xff", [])):
        review = await client.review_token(wrong, audiences)
        assert not review.authenticated
        assert review.error


async def test_permissions_are_reviewed(api_server, client):
    needs = read_access((Pod, Service))
    assert all([await client.review_access(need) for need in needs])
    config = api_server.service_account_kubeconfig(SPACE, "nobody")
    async with await KubernetesClient.connect(config, user_agent=AGENT) as nobody:
        assert not await nobody.review_access(needs[0])
        # Every user may ask what it may.
        review = "selfsubjectaccessreviews"
        assert await nobody.review_access(Access("authorization.k8s.io", review, ("create",)))
    user = f"system:serviceaccount:{SPACE}:nobody"
    assert not await client.review_access(needs[0], user=user)
    assert await client.review_access(needs[0], user="system:kube-scheduler")


async def test_an_update_keeps_what_the_struct_does_not_have(api_server, client, space):
    template = {
        "metadata": {"labels": {"app": "kept"}},
        "spec": {
            "tolerations": [{"key": "kept", "operator": "Exists"}],
            "containers": [{"name": "web", "image": "web:1", "tty": True}],
        },
    }
    spec = {"selector": {"matchLabels": {"app": "kept"}}, "template": template}
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "kept"}}
    api_server.kubectl(
        "apply", f"-n{space}", "-f", "-", stdin=json.dumps(document | {"spec": spec})
    )
    held = await client.get(Deployment, space, "kept")
    (container,) = held.spec.template.spec.containers
    pod = replace(held.spec.template.spec, containers=(replace(container, image="web:2"),))
    changed = replace(held.spec, replicas=3, template=replace(held.spec.template, spec=pod))
    await client.update(replace(held, spec=changed))
    output = api_server.kubectl("get", "deployment", "kept", f"-n{space}", "-ojson")
    stored = json.loads(output)["spec"]
    assert stored["replicas"] == 3
    (container,) = stored["template"]["spec"]["containers"]
    assert (container["image"], container["tty"]) == ("web:2", True)
    assert stored["template"]["spec"]["tolerations"] == template["spec"]["tolerations"]


async def test_writers_without_a_version_do_not_fail_each_other(client, space):
    await client.create(ConfigMap(ObjectMeta(name="shared", namespace=space)))
    texts = [str(number) for number in range(4)]
    wanted = [ConfigMap(ObjectMeta(name="shared", namespace=space), data={"a": t}) for t in texts]
    await asyncio.gather(*(client.update(each) for each in wanted))
    assert (await client.get(ConfigMap, space, "shared")).data["a"] in texts


async def test_patches_and_selectors(client, space):
    for name in ("x", "y"):
        labels = {"patched": name}
        await client.create(ConfigMap(ObjectMeta(name=name, namespace=space, labels=labels)))
    patched = await client.patch(ConfigMap, space, "x", {"data": {"a": "b"}})
    assert patched.data == {"a": "b"}
    operations = [{"op": "add", "path": "/data", "value": {"c": "d"}}]
    patched = await client.patch(
        ConfigMap, space, "x", operations, content_type="application/json-patch+json"
    )
    assert patched.data == {"c": "d"}
    (found,) = await client.list(ConfigMap, space, label_selector="patched=y")
    assert found.name == "y"
    (found,) = await client.list(
        ConfigMap, field_selector=f"metadata.namespace={space},metadata.name=x"
    )
    assert found.name == "x"
    with pytest.raises(NotFoundError, match=f"cannot patch ConfigMap {space}/z"):
        await client.patch(ConfigMap, space, "z", {})


async def test_refusals_of_a_real_server(client, space):
    with pytest.raises(RejectedError, match=r"spec\.ports: Required value"):
        await client.create(Service(ObjectMeta(name="bad", namespace=space)))
    with pytest.raises(NotFoundError, match=f"cannot get Pod {space}/none"):
        await client.get(Pod, space, "none")

    class Wish(ConfigMap, frozen=True):
        api_version = "wishes.example/v1"
        plural = "wishes"

    with pytest.raises(KindNotServedError, match="CustomResourceDefinition"):
        await client.list(Wish)


async def test_a_lease_changes_hands_at_a_full_second(client, space):
    full = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
    spec = LeaseSpec("first", 15, acquire_time=full, renew_time=full)
    held = await client.create(Lease(ObjectMeta(name="leader", namespace=space), spec))
    taken = await client.update(replace(held, spec=replace(spec, holder_identity="second")))
    assert taken.spec.holder_identity == "second"
    with pytest.raises(ConflictError):
        await client.update(replace(held, spec=replace(spec, holder_identity="third")))


async def test_requests_keep_to_the_rate(api_server):
    connecting = KubernetesClient.connect(api_server.kubeconfig, user_agent=AGENT, qps=20, burst=1)
    async with await connecting as client:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(client.version() for _ in range(6)))
        assert asyncio.get_running_loop().time() - began > 0.2


async def test_a_closed_client_leaves_nothing(api_server):
    async with await KubernetesClient.connect(api_server.kubeconfig, user_agent=AGENT) as client:
        await client.version()
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})


async def test_only_the_metadata_of_a_kind_is_read(api_server, client, space):
    labels = {"app": "thin"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    }
    document = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "thin", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    api_server.kubectl("apply", f"-n{space}", "-f", "-", stdin=json.dumps(document))
    store = KubernetesStore(client, (ReplicaSet,), namespace=space, metadata_only=(ReplicaSet,))
    await store.start()
    held = store.get(ReplicaSet, space, "thin")
    assert held.metadata.labels == labels
    assert held.spec == ReplicaSet(ObjectMeta()).spec
    api_server.kubectl("label", "replicaset", "thin", f"-n{space}", "more=labels")
    await until(lambda: "more" in store.get(ReplicaSet, space, "thin").metadata.labels)
    assert store.get(ReplicaSet, space, "thin").spec == held.spec
    with pytest.raises(StoreError, match="only the metadata of ReplicaSet"):
        await store.update(held)
    await store.delete(ReplicaSet, space, "thin")
    assert store.get(ReplicaSet, space, "thin") is None
    await store.close()
