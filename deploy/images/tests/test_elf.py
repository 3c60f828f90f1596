"""What programs say they need."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_images import elf
from mesh_images.image import architecture
from mesh_images.libraries import Libraries, LibraryMissingError

INTERPRETER = Path(sys.base_prefix, "bin/python3").resolve()


def test_an_executable_names_its_loader_and_libraries():
    found = elf.read(INTERPRETER.read_bytes())
    assert found.architecture == architecture()
    assert Path(found.loader).is_file()
    assert "libc.so.6" in found.needed


def test_a_script_is_no_binary():
    assert elf.read(b"#!/bin/sh\n") is None


@given(st.data())
def test_damaged_files_are_read_or_refused_but_never_break(data):
    content = bytearray(_beginning())
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    assert elf.read(bytes(content)) is None or isinstance(elf.read(bytes(content)), elf.Binary)


def test_the_closure_holds_what_the_libraries_need_in_turn():
    libraries = Libraries(architecture(), [INTERPRETER.parent.parent / sys.platlibdir])
    libraries.need(["libgcc_s.so.1"], "a test")
    assert {"libgcc_s.so.1", "libc.so.6"} <= set(libraries.found)
    assert all(path.is_file() for path in libraries.found.values())


def test_a_library_that_is_not_there_is_named_with_who_needs_it():
    with pytest.raises(LibraryMissingError, match=r"a test needs libnowhere\.so\.1"):
        Libraries(architecture()).need(["libnowhere.so.1"], "a test")


def test_libraries_of_another_architecture_are_not_taken():
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture()]
    with pytest.raises(LibraryMissingError):
        Libraries(other).need(["libc.so.6"], "a test")


def _beginning():
    program = shutil.which("true")
    return Path(program).read_bytes()[:8192]
