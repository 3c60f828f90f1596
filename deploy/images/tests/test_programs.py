"""Programs of the system, with what they need, in an image."""

import pytest

from mesh_images.debian import owners
from mesh_images.errors import ImagesError
from mesh_images.image import architecture
from mesh_images.libraries import Libraries
from mesh_images.programs import find


def test_a_program_comes_with_its_libraries():
    libraries = Libraries(architecture())
    found = find({"sleep": "coreutils"}, libraries, pytest.fail)
    assert found["sleep"].name in {"sleep", "coreutils"}
    assert "libc.so.6" in libraries.found


def test_a_script_on_the_path_is_not_taken_for_the_program(tmp_path, monkeypatch):
    script = tmp_path / "sleep"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ImagesError, match=r"is no program .* sleep of the Debian package coreutils"
    ):
        find({"sleep": "coreutils"}, Libraries(architecture()), pytest.fail)


def test_dpkg_says_whose_a_library_is():
    libraries = Libraries(architecture())
    libraries.need(["libc.so.6"], "a test")
    packages = owners(libraries.found.values())
    if not packages:
        pytest.skip("dpkg is not in charge of this system")
    (libc,) = packages
    assert libc.name == "libc6"
    entries = {entry.path: entry.read() for entry in libc.entries()}
    assert entries["var/lib/dpkg/status.d/libc6"].startswith(b"Package: libc6\n")
    assert "usr/share/doc/libc6/copyright" in entries


def test_files_of_nobody_are_no_package(tmp_path):
    assert owners([tmp_path]) == []
