"""Reading users' files: what is good is kept, what is wrong is named with its place."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mesh_core.resources import Deployment, Pod, Service
from mesh_core.store import Problem, manifests
from mesh_core.store.manifests import read

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: shop
spec:
  ports:
  - port: {port}
"""


def service(name: str = "web", port: object = 80) -> str:
    return SERVICE.format(name=name, port=port)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_folders_are_read_recursively_in_the_order_of_their_paths(tmp_path):
    write(tmp_path, b_yaml=service("b"), a__z_yaml=service("z"), a__a_yaml=service("a"))
    found = read(tmp_path)
    assert [manifest.resource.name for manifest in found.objects] == ["a", "z", "b"]
    assert found.problems == ()


def test_one_file_with_several_documents(tmp_path):
    write(tmp_path, all_yaml=f"---\n{service('a')}---\n# nothing\n---\n{service('b')}")
    found = read(tmp_path / "all.yaml")
    assert [(m.resource.name, m.line) for m in found.objects] == [("a", 2), ("b", 13)]


def test_a_list_is_its_items(tmp_path):
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n"
    write(tmp_path, l_yaml=text + "    name: p\n- apiVersion: v1\n  kind: Pod\n  metadata: {}\n")
    found = read(tmp_path)
    (manifest,) = found.objects
    assert isinstance(manifest.resource, Pod)
    assert manifest.line == 4
    (problem,) = found.problems
    assert (problem.line, problem.field) == (10, "items[1].metadata.name")


def test_json_with_tabs_and_escapes(tmp_path):
    text = '{\n\t"apiVersion":"v1",\n\t"kind":"Service",\n\t"metadata":{"name":"web",'
    write(tmp_path, a_json=text + '"annotations":{"a":"\\u00e9\\t\\"\\\\"}},"spec":null}')
    found = read(tmp_path)
    assert found.problems == ()
    assert found.objects[0].resource.metadata.annotations == {"a": 'é\t"\\'}


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + service().encode())
    assert len(read(tmp_path).objects) == 1


def test_hidden_and_other_files_are_left_out(tmp_path):
    write(tmp_path, _git__x_yaml="[", a_txt="[", README="[")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.yaml").write_text("[")
    (tmp_path / ".a.yaml.swp.yaml").write_text("[")
    found = read(tmp_path)
    assert [str(problem.file.name) for problem in found.problems] == ["x.yaml"]


def test_one_bad_document_takes_away_only_itself(tmp_path):
    write(tmp_path, a_yaml=f"{service('a')}---\n{service('b', 'http')}---\n{service('c')}")
    found = read(tmp_path)
    assert [manifest.resource.name for manifest in found.objects] == ["a", "c"]
    (problem,) = found.problems
    assert str(problem) == f"{tmp_path}/a.yaml:17: spec.ports[0].port: expected int, got str"


def test_broken_yaml_keeps_the_documents_before_it(tmp_path):
    write(tmp_path, a_yaml=f"{service('a')}---\nkind: [\n")
    found = read(tmp_path)
    assert [manifest.resource.name for manifest in found.objects] == ["a"]
    assert found.problems[0].line == 11


def test_unknown_kinds_name_their_line(tmp_path):
    write(tmp_path, a_yaml=service().replace("kind: Service", "kind: Servce"))
    (problem,) = read(tmp_path).problems
    assert (problem.line, problem.field) == (2, "kind")
    assert "'Servce'" in problem.message


def test_of_two_objects_with_one_name_the_first_wins(tmp_path):
    write(tmp_path, a_yaml=service(port=1), b_yaml=service("x") + "---\n" + service(port=2))
    found = read(tmp_path)
    assert [m.resource.spec.ports[0].port for m in found.objects] == [1, 80]
    (problem,) = found.problems
    assert (problem.file.name, problem.line) == ("b.yaml", 10)
    assert f"Service shop/web is described in {tmp_path}/a.yaml:1 already" in problem.message


def test_a_name_twice_in_one_file(tmp_path):
    write(tmp_path, a_yaml=f"{service(port=1)}---\n{service(port=2)}")
    found = read(tmp_path)
    assert len(found.objects) == 1
    assert found.problems[0].line == 10


def test_equal_names_of_other_kinds_or_namespaces_are_no_duplicates(tmp_path):
    other = service().replace("namespace: shop", "namespace: other")
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n"
    write(tmp_path, a_yaml=service(), b_yaml=other, c_yaml=pod)
    assert len(read(tmp_path).objects) == 3


def test_problems_of_a_field_know_their_line(tmp_path):
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n"
    write(tmp_path, a_yaml=text + "    spec:\n      dnsPolicy: None\n      hostPID: true\n")
    (manifest,) = read(tmp_path).objects
    assert isinstance(manifest.resource, Deployment)
    problems = [manifest.problem("is not supported", path) for path in manifest.unknown_fields()]
    assert [(p.line, p.field) for p in problems] == [
        (7, "spec.template.spec.dnsPolicy"),
        (8, "spec.template.spec.hostPID"),
    ]


def test_files_that_are_none(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(manifests.MAX_BYTES + 1)
    found = {problem.file.name: problem for problem in read(tmp_path).problems}
    assert found["pipe.yaml"].message == "not a regular file"
    assert found["link.yaml"].message == "No such file or directory"
    assert (found["latin.yaml"].message, found["latin.yaml"].line) == ("not UTF-8 text", 2)
    assert found["huge.yaml"].message == "larger than 10 MB; split it"


def test_a_path_that_is_not_there(tmp_path):
    found = read(tmp_path / "none")
    assert found.objects == ()
    assert [str(problem) for problem in found.problems] == [
        f"{tmp_path}/none: No such file or directory"
    ]


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read everything, so be somebody else for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_folders_and_files_that_may_not_be_read_are_named():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "closed").mkdir(mode=0)
        (root / "a.yaml").touch(mode=0)
        with unprivileged():
            problems = read(root).problems
    assert problems == (
        Problem(root / "closed", "Permission denied"),
        Problem(root / "a.yaml", "Permission denied"),
    )


def test_good_objects_are_what_the_file_says(tmp_path):
    write(tmp_path, a_yaml=service(port=8080))
    resource = read(tmp_path).objects[0].resource
    assert isinstance(resource, Service)
    assert resource.spec.ports[0].port == 8080
