"""The bill of materials says the same for the same parts, in the words of SPDX."""

import json

from mesh_images.sbom import Part, document

IMAGE = Part("mesh-proxy", "0.1.0", "Apache-2.0")
PARTS = [
    Part("yaml", "1.0", "MIT", "pkg:pypi/yaml@1.0", "ab" * 32),
    Part("yaml", "1.0", "", "pkg:cargo/yaml@1.0"),
    Part("libssl3", "3.0.1-1+deb12u1", "", "pkg:deb/debian/libssl3@3.0.1-1%2Bdeb12u1?arch=amd64"),
]


def test_the_order_and_repetition_of_parts_do_not_count():
    assert document(IMAGE, PARTS, 0) == document(IMAGE, [*reversed(PARTS), PARTS[0]], 0)


def test_other_parts_are_another_document():
    one, other = (json.loads(document(IMAGE, parts, 0)) for parts in (PARTS, PARTS[:1]))
    assert one["documentNamespace"] != other["documentNamespace"]


def test_the_same_name_from_two_ecosystems_is_two_packages():
    bill = json.loads(document(IMAGE, PARTS, 0))
    identities = {package["SPDXID"] for package in bill["packages"]}
    assert {"SPDXRef-pypi-yaml-1.0", "SPDXRef-cargo-yaml-1.0"} <= identities
    assert bill["relationships"][0]["relationshipType"] == "DESCRIBES"


def test_what_is_not_known_is_said_so():
    bill = json.loads(document(IMAGE, PARTS, 86400))
    licences = {package["SPDXID"]: package["licenseDeclared"] for package in bill["packages"]}
    assert licences["SPDXRef-pypi-yaml-1.0"] == "MIT"
    assert licences["SPDXRef-cargo-yaml-1.0"] == "NOASSERTION"
    assert bill["creationInfo"]["created"] == "1970-01-02T00:00:00Z"
