"""Programs from PATH or, unpacked, from Debian; apt and dpkg are played by scripts."""

import subprocess
from pathlib import Path

import pytest

from mesh_cli.local.programs import ProgramMissing, find_program, unpacked_package

APT = """#!/bin/sh
for word in "$@"; do
    case $word in
    Dir::Cache::archives=*) archives=${word#*=} ;;
    Dir::State::lists=*) lists=yes ;;
    update) echo update >> "$LOG"; exit 0 ;;
    esac
done
echo install >> "$LOG"
if [ "$FAILS" = always ] || { [ "$FAILS" = first ] && [ -z "$lists" ]; }; then
    echo "Reading lists" ; echo "E: Unable to locate package hello" >&2; exit 100
fi
echo a > "$archives/hello_1_all.deb"
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin" "$3/usr/lib/x"
printf '#!/bin/sh\\necho "$1 $LD_LIBRARY_PATH"\\n' > "$3/usr/bin/hello-world"
chmod +x "$3/usr/bin/hello-world"
cp "$3/usr/bin/hello-world" "$3/usr/bin/hello-client"
echo text > "$3/usr/bin/readme"
touch "$3/usr/lib/x/libhello.so.1"
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A PATH that holds the two scripts and the shell's own tools."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("apt-get", APT), ("dpkg", DPKG)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAILS", "never")
    monkeypatch.setenv("MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    return tmp_path


def calls(machine: Path) -> list[str]:
    log = machine / "log"
    return log.read_text().split() if log.exists() else []


def test_an_installed_program_is_used_as_it_is(machine):
    assert find_program("sh", "dash").name == "sh"
    assert calls(machine) == []


def test_a_missing_one_is_fetched_once_and_runs_with_its_libraries(machine):
    said = []
    program = find_program("hello-world", "hello", progress=said.append)
    assert find_program("hello-world", "hello", progress=said.append) == program
    assert calls(machine) == ["install"]
    assert len(said) == 1
    assert "hello-world" in said[0]
    out = subprocess.run([program, "hi"], capture_output=True, text=True, check=True).stdout
    assert out == f"hi {program.parent}/root/usr/lib/x\n"
    assert program.is_relative_to(machine / "cache" / "programs")
    found = {path.name for path in program.parent.iterdir()}
    assert found == {"hello-world", "hello-client", "root"}
    left = {path.name for path in program.parent.parent.iterdir()}
    assert left == {"hello", ".hello.lock"}, "nothing half-made is left"


def test_one_whose_library_has_left_the_system_is_fetched_again(machine):
    find_program("hello-world", "hello")
    ldd = machine / "tools" / "ldd"
    ldd.write_text("#!/bin/sh\necho 'libhello.so.1 => not found'\n")
    ldd.chmod(0o755)
    find_program("hello-world", "hello")
    assert calls(machine) == ["install", "install"]


def test_missing_package_lists_are_fetched(machine, monkeypatch):
    monkeypatch.setenv("FAILS", "first")
    assert find_program("hello-world", "hello").exists()
    assert calls(machine) == ["install", "update", "install"]


def test_a_failure_is_one_line_and_leaves_nothing(machine, monkeypatch):
    monkeypatch.setenv("FAILS", "always")
    with pytest.raises(ProgramMissing, match="Unable to locate package hello") as caught:
        find_program("hello-world", "hello")
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("FAILS", "never")
    assert find_program("hello-world", "hello").exists()


def test_a_package_without_the_program(machine):
    with pytest.raises(ProgramMissing, match="holds no program other"):
        find_program("other", "hello")


def test_what_lies_on_no_path_is_found_in_the_unpacked_package(machine):
    wanted = Path("usr/lib/x/libhello.so.1")
    root = unpacked_package("hello", wanted)
    assert (root / wanted).exists()
    assert unpacked_package("hello", wanted) == root
    assert find_program("hello-world", "hello").parent == root.parent
    assert calls(machine) == ["install"]
    with pytest.raises(ProgramMissing, match="holds no program usr/lib/other"):
        unpacked_package("hello", Path("usr/lib/other"))


def test_elsewhere_it_says_what_to_install(machine, monkeypatch):
    monkeypatch.setenv("PATH", str(machine))
    with pytest.raises(ProgramMissing, match="Debian's package is hello"):
        find_program("hello-world", "hello")
