"""The command line of `mesh-proxy await`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_proxy.__main__ import main
from mesh_proxy.await_ready.flags import disabled, parse
from mesh_proxy.errors import UsageError


def test_nothing_given_waits_for_ever_for_the_usual_port():
    options = parse([])
    assert (options.port, options.timeout, options.backoff) == (4191, None, None)
    assert (options.timeout_fatal, options.shutdown, options.command) == (True, False, [])


def test_a_hooks_command_line():
    options = parse(["--timeout=2m", "--port=4191"])
    assert (options.timeout, options.port, options.command) == (120, 4191, [])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--shutdown", "--verbose", "--timeout", "1s", "--backoff", "50ms", "--port", "9"],
        ["-S", "-v", "-t", "1s", "-b", "50ms", "-p", "9"],
        ["-Sv", "-t1s", "-b=50ms", "-p9"],
        ["-vSt", "1s", "--backoff=50ms", "-p", "9"],
    ],
)
@pytest.mark.parametrize("between", [[], ["--"]])
def test_flags_in_every_form_end_at_the_command(arguments, between):
    options = parse([*arguments, *between, "curl", "-S", "--port", "1", "--"])
    assert options.shutdown
    assert options.verbose
    assert (options.timeout, options.backoff, options.port) == (1, 0.05, 9)
    assert options.command == ["curl", "-S", "--port", "1", "--"]


@pytest.mark.parametrize(
    ("arguments", "fatal"),
    [
        (["--timeout-fatal", "true"], True),
        (["--timeout-fatal=true", "true"], True),
        (["--timeout-fatal=false", "true"], False),
    ],
)
def test_the_value_of_timeout_fatal_is_never_the_command(arguments, fatal):
    options = parse(arguments)
    assert (options.timeout_fatal, options.command) == (fatal, ["true"])


def test_after_two_dashes_a_dash_begins_a_program():
    assert parse(["--", "-x"]).command == ["-x"]
    assert parse(["-"]).command == ["-"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--timeout", "soon"], ["--timeout", "'soon'", "500ms"]),
        (["-t", "5"], ["--timeout", "'5'"]),
        (["--backoff=-1s"], ["--backoff", "'-1s'"]),
        (["--port", "0"], ["--port", "'0'", "1 to 65535"]),
        (["--port", "$(reboot)"], ["--port", "'$(reboot)'"]),
        (["-p"], ["--port", "needs a value"]),
        (["--timeout"], ["--timeout", "needs a value"]),
        (["--timeout-fatal=maybe"], ["--timeout-fatal", "'maybe'", "true or false"]),
        (["--shutdown=yes"], ["--shutdown", "takes no value", "'yes'"]),
        (["--shutdwon"], ["--shutdwon"]),
        (["-Sx"], ["-x"]),
    ],
)
def test_a_bad_value_is_named_with_its_flag(arguments, named):
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    for text in named:
        assert text in str(caught.value)


@given(st.lists(st.text(max_size=12) | st.sampled_from(["-S", "-t", "--port", "--", "1s"])))
def test_any_words_are_options_or_one_error(words):
    try:
        command = parse(words).command
    except UsageError:
        return
    assert command == words[len(words) - len(command) :]


def test_either_variable_disables():
    assert disabled({}) is None
    assert disabled({"LINKERD_DISABLED": ""}) is None
    assert disabled({"LINKERD_DISABLED": "yes"}) == "LINKERD_DISABLED=yes"
    assert disabled({"LINKERD_AWAIT_DISABLED": "no"}) == "LINKERD_AWAIT_DISABLED=no"


def test_a_usage_error_is_one_line_and_64(capsys):
    assert main(["await", "--port", "x"]) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mesh-proxy await: error: --port: 'x'")
    assert err.count("\n") == 1


def test_help_and_version_do_not_wait(capsys):
    assert main(["await", "--help"]) == 0
    assert "LINKERD_AWAIT_DISABLED" in capsys.readouterr().out
    assert main(["await", "-V", "--port=1"]) in {0, 1}
    assert capsys.readouterr().out.startswith("mesh-proxy ")
