"""What Chart.yaml says."""

import yaml
from helm import CHART

from mesh_cli.check.categories.kubernetes_version import MINIMUM


def test_the_oldest_kubernetes_is_that_of_mesh_check():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={'.'.join(map(str, MINIMUM))}-0"
