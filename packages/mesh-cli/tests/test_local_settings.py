from pathlib import Path

import pytest

from mesh_cli.local.errors import BadArgument
from mesh_cli.local.settings import (
    Exposure,
    Settings,
    check_address,
    check_prefix,
    parse_exposure,
    settings_from_json,
)


def test_settings_survive_the_command_line():
    settings = Settings(
        "demo",
        (Path("/a"), Path("/b c")),
        search_path=(Path("/bin"),),
        exposures=(parse_exposure("8080:shop/web:80"),),
        listeners=(5,),
        dns_forward="9.9.9.9",
        control_plane=False,
    )
    assert settings_from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    "value, expected",
    [
        ("8080:shop/web:80", Exposure("127.0.0.1", 8080, "shop", "service", "web", 80)),
        ("8080:web:80", Exposure("127.0.0.1", 8080, "default", "service", "web", 80)),
        ("0.0.0.0:80:shop/pod/web-0:8000", Exposure("0.0.0.0", 80, "shop", "pod", "web-0", 8000)),
        ("[::1]:80:shop/web:80", Exposure("::1", 80, "shop", "service", "web", 80)),
    ],
)
def test_exposures(value, expected):
    assert parse_exposure(value) == expected


@pytest.mark.parametrize("value", ["", "8080", "8080:web", "0:web:80", "80:web:99999", "a:b:c"])
def test_other_exposures_are_refused(value):
    with pytest.raises(BadArgument, match="--expose"):
        parse_exposure(value)


@pytest.mark.parametrize("value", ["", "A", "-a", "a/../b", "a" * 40, "a b"])
def test_prefixes_are_names(value):
    with pytest.raises(BadArgument, match="--prefix"):
        check_prefix(value)


def test_a_forwarder_is_an_address():
    assert check_address(None) is None
    assert check_address("::1") == "::1"
    with pytest.raises(BadArgument, match="--dns-forward"):
        check_address("dns.example")
