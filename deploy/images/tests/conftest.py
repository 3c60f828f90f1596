import shutil

import pytest

from mesh_images import base
from mesh_images.build import Settings, build
from mesh_images.component import component
from mesh_images.image import architecture


def _wheel_builder_missing():
    return shutil.which("ldconfig", path="/usr/sbin:/sbin:/usr/bin") is None


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Builds components offline, as the command line does, into a folder of this run's own."""
    if _wheel_builder_missing():
        pytest.skip("no GNU C library: images are built offline on such a system only")
    settings = Settings(tmp_path_factory.mktemp("archives"), profile="mesh")
    kept = {}

    def one(name):
        if name not in kept:
            stands_on = base.offline(architecture(), settings.cache, settings.epoch)
            (kept[name],) = build([component(name)], stands_on, settings, print)
        return kept[name]

    return one
