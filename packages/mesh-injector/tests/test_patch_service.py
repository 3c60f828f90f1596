"""Opaque ports of Services."""

import jsonpatch
import msgspec
import pytest
from pods import CONFIG, INSTALLATION, namespace

from mesh_core.annotations import AnnotationError
from mesh_core.resources import Service, decode_as
from mesh_injector import patch_service
from mesh_injector.values import installation

NAME = CONFIG + "opaque-ports"


def service(*ports, annotations=None):
    return {
        "metadata": {"name": "db", "namespace": "shop", "annotations": annotations},
        "spec": {"ports": list(ports)},
    }


def after(document, theirs=None, settings=INSTALLATION):
    made = patch_service(decode_as(Service, document), theirs or namespace(), settings)
    steps = msgspec.json.decode(msgspec.json.encode(made))
    return jsonpatch.apply_patch(document, steps)["metadata"]["annotations"]


@pytest.mark.parametrize(
    "ports, expected",
    [
        ([{"port": 3306}, {"port": 80}], "3306"),
        ([{"port": 13306, "targetPort": 3306}], "13306"),
        ([{"port": 13306, "targetPort": "mysql"}], None),
        ([{"port": 25}, {"port": 587}], "25,587"),
        ([{"port": 3306, "protocol": "UDP"}], None),
        ([{"port": 80}], None),
        ([], None),
    ],
)
def test_ports_that_are_opaque_by_default(ports, expected):
    assert after(service(*ports)) == (None if expected is None else {NAME: expected})


def test_other_defaults_of_the_installation():
    other = installation("proxy: {opaquePorts: 9999}")
    assert after(service({"port": 9999}, {"port": 3306}), settings=other) == {NAME: "9999"}


@pytest.mark.parametrize("text", ["8080,mysql", ""])
def test_the_namespaces_word_is_written_down_as_it_stands(text):
    theirs = namespace(opaque_ports=text)
    assert after(service({"port": 3306}), theirs) == {NAME: text}


def test_the_services_own_word_wins():
    own = {NAME: "1"}
    assert after(service({"port": 3306}, annotations=own), namespace(opaque_ports="2")) == own


def test_other_annotations_stay():
    own = {"a.b/c": "d"}
    assert after(service({"port": 3306}, annotations=own)) == {"a.b/c": "d", NAME: "3306"}


def test_a_bad_word_of_the_namespace_is_named():
    with pytest.raises(AnnotationError, match=f"annotation {NAME} of Namespace shop: "):
        after(service({"port": 80}), namespace(opaque_ports="80;x"))
