import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.local.controllers.rollout import SetState, limits, plan, resolve
from mesh_core.resources import DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment


@pytest.mark.parametrize(
    "value, replicas, up, expected",
    [
        (2, 10, True, 2),
        ("25%", 3, True, 1),
        ("25%", 3, False, 0),
        ("100%", 4, False, 4),
        ("0%", 4, True, 0),
    ],
)
def test_bounds_are_numbers_or_percentages(value, replicas, up, expected):
    assert resolve(value, replicas, up=up) == expected


@pytest.mark.parametrize("value", ["many", "-1", "1.5%", -1])
def test_other_bounds_are_refused(value):
    with pytest.raises(ValueError, match=r"neither|negative"):
        resolve(value, 4, up=True)


def test_two_zeroes_would_never_move():
    rolling = RollingUpdateDeployment(max_unavailable=0, max_surge=0)
    spec = DeploymentSpec(replicas=2, strategy=DeploymentStrategy(rolling_update=rolling))
    assert limits(spec).unavailable == 1


def test_recreate_waits_until_the_old_pods_are_gone():
    spec = DeploymentSpec(replicas=2, strategy=DeploymentStrategy(type="Recreate"))
    old = SetState("old", 2, 2, 2)
    assert plan(spec, SetState("new", 0, 0, 0), [old]) == {"new": 0, "old": 0}
    gone = SetState("old", 0, 0, 0)
    assert plan(spec, SetState("new", 0, 0, 0), [gone]) == {"new": 2, "old": 0}


def test_broken_old_pods_go_first():
    spec = DeploymentSpec(replicas=4)
    broken = SetState("broken", 1, 1, 0)
    good = SetState("good", 3, 3, 3)
    wanted = plan(spec, SetState("new", 0, 0, 0), [good, broken])
    assert wanted["broken"] == 0
    assert wanted["good"] == 3


@given(
    replicas=st.integers(1, 12),
    surge=st.sampled_from([0, 1, 3, "25%", "100%"]),
    unavailable=st.sampled_from([0, 1, 2, "25%", "50%"]),
    order=st.lists(st.booleans(), min_size=200, max_size=200),
)
def test_a_rollout_ends_and_never_leaves_its_bounds(replicas, surge, unavailable, order):
    rolling = RollingUpdateDeployment(max_unavailable=unavailable, max_surge=surge)
    spec = DeploymentSpec(replicas=replicas, strategy=DeploymentStrategy(rolling_update=rolling))
    bounds = limits(spec)
    pods = {"new": [], "old": [True] * replicas}
    for ready_first in order:
        states = {name: SetState(name, len(p), len(p), sum(p)) for name, p in pods.items()}
        for name, count in plan(spec, states["new"], [states["old"]]).items():
            pods[name] = sorted(pods[name], reverse=True)[:count]
            pods[name] += [False] * (count - len(pods[name]))
        assert sum(map(len, pods.values())) <= replicas + bounds.surge
        assert sum(map(sum, pods.values())) >= replicas - bounds.unavailable
        if ready_first and False in pods["new"]:
            pods["new"][pods["new"].index(False)] = True
        if pods["new"].count(True) == replicas and not pods["old"]:
            return
    assert order.count(True) < replicas + 1
