"""What the command line refuses, and with which words."""

import json

import pytest

from mesh_images import report
from mesh_images.__main__ import main
from mesh_images.component import component
from mesh_images.image import architecture


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["build", "proxi"], "proxi: there is no such image; there are identity"),
        (["build", "--platform=windows/amd64"], "say linux/amd64 or linux/arm64"),
        (["build", "--platform=linux/riscv64"], "riscv64: images are made for amd64 and arm64"),
        (["build", "--base=Not A Name"], "is no name of an image"),
        (["build", "--wheels=/nowhere", "bookshop"], "--wheels: /nowhere: holds 0 wheels"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, complaint, capsys):
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert complaint in captured.err.splitlines()[-1]
    assert captured.out == ""


@pytest.mark.parametrize("text", ["yesterday", "-1", "1e9", str(1 << 40)])
def test_a_time_that_is_none_is_refused(text, monkeypatch, capsys):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    assert main(["build", "redis"]) == 1
    assert f"SOURCE_DATE_EPOCH={text}: is no number of seconds" in capsys.readouterr().err


def test_a_label_without_a_value_is_refused_by_its_option(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["build", "--label", "key"])
    assert ended.value.code == 2
    assert "--label: 'key' is not KEY=VALUE" in capsys.readouterr().err


def test_list_says_what_was_built(tmp_path, capsys):
    (tmp_path / "mesh-proxy.tar").write_bytes(b"x" * 2_000_000)
    assert main(["list", "--output", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("proxy ") and "2.0 MB" in line for line in lines)
    assert any(line.startswith("identity ") and "not built" in line for line in lines)


@pytest.mark.timeout(300)
def test_labels_and_registry_reach_the_image(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    given = ["--label=org.opencontainers.image.revision=abc", "--registry=r.example/mesh"]
    assert main(["build", "redis", "--json", f"--output={tmp_path}", *given]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["names"][0] == "r.example/mesh/redis:7"
    config = _configuration(tmp_path / "redis.tar")
    assert config["created"] == "1970-01-01T00:00:00Z"
    assert config["architecture"] == architecture()
    assert config["config"]["Labels"]["org.opencontainers.image.revision"] == "abc"


@pytest.mark.timeout(300)
def test_the_table_counts_what_images_share_once(built):
    lines = report.table([built("bookshop"), built("redis")]).splitlines()
    assert lines[0].split() == ["IMAGE", "COMPRESSED", "NEW", "ARCHIVE"]
    _, whole, _, new, *_ = lines[2].split()
    assert float(new) < float(whole)


def test_an_image_is_found_by_either_name():
    assert component("proxy") is component("mesh-proxy")


def _configuration(archive):
    import tarfile

    with tarfile.open(archive) as members:
        (described,) = json.load(members.extractfile("manifest.json"))
        return json.load(members.extractfile(described["Config"]))
