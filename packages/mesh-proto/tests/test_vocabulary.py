"""The vocabulary tables as code sees them."""

from __future__ import annotations

import ipaddress
import re

import pytest

from mesh_proto.vocabulary import environment, headers, limits, metrics, ports, reasons, refusals
from mesh_proto.vocabulary.environment import Kind, Variable

FORMS = {
    Kind.BOOL: re.compile(r"true|false"),
    Kind.DURATION: re.compile(r"0|[0-9]+(ms|s|m|h|d)"),
    Kind.FILTER: re.compile(r"([\w:]+=)?\w+(,([\w:]+=)?\w+)*"),
    Kind.INTEGER: re.compile(r"[0-9]+"),
    Kind.RATIO: re.compile(r"0(\.[0-9]+)?|1"),
    Kind.STRING: re.compile(r".+"),
    Kind.SUFFIXES: re.compile(r"[a-z.]+(,[a-z.]+)*"),
}


def name_of(variable: Variable) -> str:
    return variable.name


@pytest.mark.parametrize("variable", environment.ALL, ids=name_of)
def test_each_default_has_the_form_of_its_kind(variable: Variable) -> None:
    if variable.default is None:
        return
    if variable.kind is Kind.ADDRESS:
        host, _, port = variable.default.rpartition(":")
        ipaddress.ip_address(host)
        assert 1 <= int(port) <= 65535
    elif variable.kind is Kind.CHOICE:
        assert variable.default in variable.choices
    else:
        assert FORMS[variable.kind].fullmatch(variable.default)


def test_no_variable_is_listed_twice() -> None:
    names = [variable.name for variable in environment.ALL]
    assert len(set(names)) == len(names)


def test_a_required_variable_has_no_default() -> None:
    assert not [v.name for v in environment.ALL if v.required and v.default is not None]


def test_full_names_carry_the_prefix() -> None:
    assert environment.INBOUND_PORTS.name == "LINKERD2_PROXY_INBOUND_PORTS"
    standard = {v.name for v in environment.ALL if not v.name.startswith(environment.PREFIX)}
    assert standard == {"HOSTNAME", "OTEL_RESOURCE_ATTRIBUTES"}


def test_listener_defaults_use_the_ports_of_the_table() -> None:
    listeners = {
        environment.OUTBOUND_LISTEN_ADDR: ports.PROXY_OUTBOUND,
        environment.INBOUND_LISTEN_ADDR: ports.PROXY_INBOUND,
        environment.CONTROL_LISTEN_ADDR: ports.PROXY_CONTROL,
        environment.ADMIN_LISTEN_ADDR: ports.PROXY_ADMIN,
    }
    for variable, port in listeners.items():
        assert (variable.default or "").endswith(f":{port}")


def test_a_trusted_header_is_deleted_by_whoever_sets_it() -> None:
    # Otherwise a client could send one and have it believed.
    trusted = [headers.CLIENT_ID, headers.DST_CANONICAL, headers.ORIG_PROTO]
    for header in trusted:
        assert set(header.set_by) <= set(header.removed_by), header.name


def test_reasons_answer_with_the_grpc_status_that_fits() -> None:
    assert (reasons.FAILFAST.http, reasons.FAILFAST.grpc) == (504, 4)
    assert (reasons.UNAUTHORIZED.http, reasons.UNAUTHORIZED.grpc) == (403, 7)
    assert (reasons.GATEWAY_LOOP.http, reasons.GATEWAY_LOOP.grpc) == (508, 10)
    by_status = {}
    for reason in reasons.ALL:
        by_status.setdefault(reason.http, set()).add(reason.grpc)
    assert all(len(codes) == 1 for codes in by_status.values()), "one HTTP status, one gRPC status"


def test_reason_names_are_metric_label_values() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]*", reason.name) for reason in reasons.ALL)
    assert reasons.AMBIGUOUS_PATH.name == "ambiguous_path"


def test_a_limit_that_a_variable_changes_names_one_that_exists() -> None:
    known = {variable.name for variable in environment.ALL}
    named = {limit.variable for limit in limits.ALL if limit.variable is not None}
    assert {environment.PREFIX + name for name in named} <= known


def test_each_limit_says_what_it_bounds_and_what_happens_beyond_it() -> None:
    assert all(limit.meaning.endswith(".") and limit.excess.endswith(".") for limit in limits.ALL)
    assert len({limit.name for limit in limits.ALL}) == len(limits.ALL)


def test_limits_agree_with_the_defaults_of_their_variables() -> None:
    defaults = {variable.name: variable.default for variable in environment.ALL}
    for limit in limits.ALL:
        if limit.variable is not None and (
            default := defaults[environment.PREFIX + limit.variable]
        ):
            assert default == str(limit.value), limit.name


def test_metrics_are_told_by_what_they_count() -> None:
    assert all(metric.meaning.endswith(".") for metric in metrics.ALL)
    assert len({metric.name for metric in metrics.ALL}) == len(metrics.ALL)
    assert metrics.REQUEST_TOTAL.kind == "counter"
    assert "direction" in metrics.REQUEST_TOTAL.labels


def test_a_connection_is_refused_for_reasons_of_its_own() -> None:
    assert {refusal.name for refusal in refusals.ALL}.isdisjoint(r.name for r in reasons.ALL)
    assert all(refusal.meaning.endswith(".") for refusal in refusals.ALL)
