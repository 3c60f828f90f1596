"""In which order checks are made, how long they may take, and what is left out."""

import asyncio
import io
import json

import jsonschema
import pytest
from rich.console import Console

from mesh_cli.check.check import Category, Check
from mesh_cli.check.errors import CheckError
from mesh_cli.check.finding import Level, error, warning
from mesh_cli.check.printed import Printed, Silent, folded
from mesh_cli.check.runner import Runner
from mesh_core.kubernetes import ForbiddenError

SCHEMA = {
    "type": "object",
    "required": ["success", "categories"],
    "properties": {
        "success": {"type": "boolean"},
        "categories": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["categoryName", "checks"],
                "properties": {
                    "categoryName": {"type": "string"},
                    "checks": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["description", "result"],
                            "properties": {
                                "description": {"type": "string"},
                                "hint": {"type": "string"},
                                "error": {"type": "string"},
                                "result": {"enum": ["success", "warning", "error"]},
                            },
                            "additionalProperties": False,
                        },
                    },
                },
            },
        },
    },
}


class View:
    """Counts how often it was refreshed."""

    def __init__(self):
        self.refreshed = 0

    def refresh(self):
        self.refreshed += 1


def gives(finding):
    async def probe(_):
        return finding

    return probe


def raises(problem):
    async def probe(_):
        raise problem

    return probe


def check(name, probe, **settings):
    return Check(name, f"anchor-{name}", probe, **settings)


async def run(*categories, audience=None, wait=0.0, view=None):
    runner = Runner(view or View(), audience or Silent(), wait=wait, pause=0.01)
    return await runner.run(categories)


def outcome(report):
    return {
        category.name: {result.check.description: str(result.level) for result in category.results}
        for category in report.categories
    }


async def test_only_errors_make_it_fail():
    good = Category("a", (check("one", gives(None)), check("two", gives(warning("hm")))))
    assert (await run(good)).success
    assert not (await run(good, Category("b", (check("three", gives(error("no"))),)))).success


async def test_a_fatal_check_ends_its_category_and_what_needs_it():
    report = await run(
        Category("a", (check("1", gives(error("no")), fatal=True), check("2", gives(None)))),
        Category("b", (check("3", gives(None)),), needs=frozenset({"a"})),
        Category("c", (check("4", gives(None)),), needs=frozenset({"b"})),
        Category("d", (check("5", gives(None)),)),
    )
    assert outcome(report) == {"a": {"1": "error"}, "b": {}, "c": {}, "d": {"5": "success"}}
    assert [each.reason for each in report.categories] == [*["first make sure: 1"] * 3, ""]


async def test_facts_that_cannot_be_had_are_the_checks_finding():
    report = await run(
        Category(
            "a",
            (
                check("1", raises(ForbiddenError("cannot list pods: eve lacks"))),
                check("2", raises(CheckError("rubbish")), unknown=Level.WARNING),
            ),
        )
    )
    assert outcome(report) == {"a": {"1": "error", "2": "warning"}}
    assert str(report.categories[0].results[0].finding) == "cannot list pods: eve lacks"


async def test_an_attempt_has_an_end():
    async def hang(_):
        await asyncio.Event().wait()

    report = await run(Category("a", (check("1", hang, seconds=0.01),)))
    assert "no answer within 0.01 s" in str(report.categories[0].results[0].finding)


async def test_what_may_become_well_is_asked_anew_until_it_is():
    answers = [error("not yet"), error("not yet"), None]

    async def probe(_):
        return answers.pop(0)

    view = View()
    report = await run(Category("a", (check("1", probe, retried=True),)), wait=10, view=view)
    assert report.success
    assert view.refreshed == 2


@pytest.mark.parametrize(
    ("finding", "retried"), [(error("no"), False), (warning("hm"), True)], ids=["error", "warning"]
)
async def test_what_does_not_become_well_is_asked_once(finding, retried):
    view = View()
    await run(Category("a", (check("1", gives(finding), retried=retried),)), wait=10, view=view)
    assert view.refreshed == 0


async def test_waiting_ends_for_all_checks_together():
    async with asyncio.timeout(5):
        slow = [check(str(n), gives(error("no")), retried=True) for n in range(10)]
        report = await run(Category("a", tuple(slow)), wait=0.1)
    assert len(report.categories[0].results) == 10


async def test_the_document_is_what_other_programs_expect():
    report = await run(
        Category("a", (check("1", gives(None)), check("2", gives(error("x", "y")), fatal=True))),
        Category("b", (check("3", gives(None)),), needs=frozenset({"a"})),
    )
    document = json.loads(json.dumps(report.document()))
    jsonschema.validate(document, SCHEMA)
    assert document["categories"][0]["checks"][1] == {
        "description": "2",
        "hint": "docs/checks/a.md#anchor-2",
        "error": "x\ny",
        "result": "error",
    }
    assert document["categories"][1] == {
        "categoryName": "b",
        "checks": [],
        "notRun": {"checks": ["3"], "reason": "first make sure: 2"},
    }


async def test_nobody_waits_while_something_lasting_is_broken():
    pods = check("pods are ready", gives(error("not yet")), retried=True)
    lasting = Category("b", (check("issuer is valid", gives(error("expired"))),))
    report = await run(Category("a", (pods,)), lasting, wait=60)
    assert report.categories[0].results[0].finding.lines == (
        "not yet",
        "not waited for, because this has to be repaired first: issuer is valid",
    )


async def test_nobody_waits_behind_it_either():
    lasting = Category("a", (check("issuer is valid", gives(error("expired"))),))
    pods = check("pods are ready", gives(error("not yet")), retried=True)
    report = await run(lasting, Category("b", (pods,)), wait=60)
    assert "repaired first: issuer is valid" in str(report.categories[1].results[0].finding)


@pytest.mark.parametrize(
    "behind",
    [
        (check("1", gives(warning("hm"))),),
        (check("1", raises(ForbiddenError("may not"))),),
        (check("1", gives(error("no")), retried=True),),
        (
            check("1", gives(error("not yet")), retried=True, fatal=True),
            check("2", gives(error("of no meaning without it"))),
        ),
    ],
    ids=["warning", "unknown", "passing", "without meaning"],
)
async def test_what_may_pass_is_no_reason_to_give_up(behind):
    answers = [error("not yet"), None]

    async def probe(_):
        return answers.pop(0)

    first = check("pods are ready", probe, retried=True)
    report = await run(Category("a", (first,)), Category("b", behind), wait=0.2)
    assert report.categories[0].results[0].finding is None


EXAMPLE = (
    Category("first", (check("good", gives(None)), check("so-so", gives(warning("a " * 40))))),
    Category(
        "second",
        (
            check("bad", gives(error("it is broken", "and that, too")), fatal=True),
            check("next", gives(None)),
        ),
    ),
    Category("third", (check("last", gives(None)),), needs=frozenset({"second"})),
)


async def printed(*, width=60, terminal=False, categories=EXAMPLE, **settings):
    page = io.StringIO()
    console = Console(
        file=page,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        highlight=False,
        markup=False,
    )
    audience = Printed(console, **settings)
    await run(*categories, audience=audience)
    return page.getvalue()


async def test_the_table_for_other_programs_keeps_lines_whole():
    assert await printed() == (
        "first\n-----\n√ good\n‼ so-so\n"
        f"    {'a ' * 40}\n"
        "    see docs/checks/first.md#anchor-so-so for hints\n"
        "\nsecond\n------\n× bad\n    it is broken\n    and that, too\n"
        "    see docs/checks/second.md#anchor-bad for hints\n"
        "– not made: 1 more check; first make sure: bad\n"
        "\n– not made: third; first make sure: bad\n"
        "\nStatus check results are ×, with 1 warning\n"
    )


async def test_the_short_table_has_only_what_is_wrong():
    page = await printed(only_problems=True)
    assert "good" not in page
    assert page.startswith("first\n-----\n‼ so-so\n")
    well = await printed(only_problems=True, categories=EXAMPLE[:0])
    assert well == "Status check results are √\n"


async def test_on_a_terminal_details_are_folded_and_coloured():
    page = await printed(terminal=True)
    assert "\x1b[32m√\x1b[0m good" in page
    assert "\x1b[33m‼\x1b[0m so-so" in page
    assert "\x1b[1;31m×\x1b[0m bad" in page
    lines = [line for line in page.splitlines() if line.startswith("    a a")]
    assert len(lines) == 2
    assert all(len(line) <= 60 for line in lines)


def test_a_command_is_never_broken():
    said = "it is not ready; see `kubectl -n linkerd logs web-1 -c linkerd-proxy` and so on"
    assert folded(said, 40) == [
        "it is not ready; see",
        "`kubectl -n linkerd logs web-1 -c linkerd-proxy`",
        "and so on",
    ]
