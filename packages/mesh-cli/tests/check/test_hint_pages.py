"""Every check has its heading on its category's page, and no page has another one."""

import re
from pathlib import Path

import pytest
import yaml
from installed_mesh import CHART

from mesh_cli.check import expected
from mesh_cli.check.categories.all import CATEGORIES
from mesh_cli.check.hints import HINTS
from mesh_clusters.binaries import ensure

ROOT = Path(__file__).resolve().parents[4]
PAGES = {category.name: category for each in CATEGORIES.values() for category in each}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_heading_for_each_check(name):
    text = (ROOT / HINTS / f"{name}.md").read_text()
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    assert parts[1::2] == [check.anchor for check in PAGES[name].checks]
    for check, section in zip(PAGES[name].checks, parts[2::2], strict=True):
        assert section.strip().replace("\n", " ").startswith(f"*{check.description}")


def test_there_are_no_other_pages():
    found = {path.stem for path in (ROOT / HINTS).glob("*.md")}
    assert found == {"README", *PAGES}


def test_links_between_pages_lead_somewhere():
    for path in (ROOT / HINTS).glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert (path.parent / link).is_file(), f"{path.name}: {link}"


def test_categories_need_only_what_comes_before():
    for categories in CATEGORIES.values():
        names = [category.name for category in categories]
        for index, category in enumerate(categories):
            assert category.needs <= set(names[:index])


def test_what_is_expected_is_what_the_chart_renders(tmp_path):
    import subprocess

    command = [str(ensure("helm").path("helm")), "template", "mesh", str(CHART)]
    given = ["--namespace=here", "--set=identity.generate=job"]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    text = subprocess.run([*command, *given], capture_output=True, check=True, env=environment)
    rendered = {}
    for document in yaml.safe_load_all(text.stdout):
        if document and "helm.sh/hook" not in document["metadata"].get("annotations", {}):
            rendered.setdefault(document["kind"], set()).add(document["metadata"]["name"])
    job = {"linkerd-provision"}
    assert rendered["Deployment"] == set(expected.DEPLOYMENTS)
    assert rendered["ServiceAccount"] - job == set(expected.SERVICE_ACCOUNTS)
    assert rendered["CustomResourceDefinition"] == set(expected.DEFINITIONS)
    assert rendered["MutatingWebhookConfiguration"] == {expected.WEBHOOK}
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        assert rendered[kind] - {"linkerd-here-provision"} == set(expected.cluster_roles("here"))
    assert {expected.CONFIG} <= rendered["ConfigMap"]
    assert {expected.ISSUER, expected.WEBHOOK_SECRET} <= rendered["Secret"]
    assert {expected.WEBHOOK_SERVICE} <= rendered["Service"]
