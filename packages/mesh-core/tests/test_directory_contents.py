"""Differences of a directory, against reading it anew: random histories end alike."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_core.resources import Key, Resource, Service
from mesh_core.store.directory_contents import DirectoryContents
from mesh_core.store.resource_store import Event

FILES = ("a.yaml", "b.yaml", "deep/c.yaml")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{ports: [{{port: {}}}]}}\n"

objects = st.dictionaries(st.sampled_from("xyz"), st.integers(1, 3), max_size=3)
steps = st.tuples(
    st.sampled_from(FILES),
    st.none() | objects,  # None removes the file
    st.sampled_from(["whole", "broken"]),
    st.sampled_from(["this file", "everything"]),
)


class Replay:
    """What a subscriber knows that has seen only the events."""

    def __init__(self) -> None:
        self.known: dict[Key, Resource] = {}

    def apply(self, events: list[Event[Resource]]) -> None:
        for event in events:
            assert event.old == self.known.get(event.resource.key)
            assert event.old != event.new
            if event.new is None:
                del self.known[event.resource.key]
            else:
                self.known[event.resource.key] = event.new


def write(path: Path, services: dict[str, int] | None, state: str) -> None:
    """Write by rename: in place, two writes within a clock tick of the kernel look alike."""
    if services is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    documents = [SERVICE.format(name, port) for name, port in services.items()]
    temporary = path.with_suffix(".new")
    temporary.write_text("---\n".join([*documents, *(["kind: ["] if state == "broken" else [])]))
    temporary.rename(path)


def anew(root: Path) -> dict[Key, Resource]:
    replay = Replay()
    replay.apply(DirectoryContents(root, (Service,)).refresh_all(lambda _: None))
    return replay.known


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=12))
def test_events_lead_to_what_the_files_say(history):
    with tempfile.TemporaryDirectory() as name:
        root, replay = Path(name), Replay()
        contents = DirectoryContents(root, (Service,))
        for file, services, state, look in history:
            before = dict(replay.known)
            write(root / file, services, state)
            if look == "everything":
                replay.apply(contents.refresh_all(lambda _: None))
            else:
                replay.apply(contents.refresh([root / file]))
            if services is not None and state == "broken":
                assert before.keys() <= replay.known.keys(), "a broken file takes nothing away"
        replay.apply(contents.refresh_all(lambda _: None))
        broken = [problem for problem in contents.problems if "already" not in problem.message]
        assert replay.known.keys() >= anew(root).keys()
        if not broken:
            assert replay.known == anew(root)


def test_duplicates_are_reported_while_they_last(tmp_path):
    contents = DirectoryContents(tmp_path, (Service,))
    write(tmp_path / "a.yaml", {"x": 1}, "whole")
    write(tmp_path / "b.yaml", {"x": 2}, "whole")
    contents.refresh_all(lambda _: None)
    assert [problem.file.name for problem in contents.problems] == ["b.yaml"]
    write(tmp_path / "a.yaml", None, "whole")
    (event,) = contents.refresh([tmp_path / "a.yaml"])
    assert event.new.spec.ports[0].port == 2
    assert contents.problems == ()


def test_deletions_come_before_creations(tmp_path):
    contents = DirectoryContents(tmp_path, (Service,))
    write(tmp_path / "a.yaml", {"x": 1}, "whole")
    contents.refresh_all(lambda _: None)
    write(tmp_path / "a.yaml", {"y": 1}, "whole")
    events = contents.refresh_all(lambda _: None)
    assert [(event.resource.name, event.new is None) for event in events] == [
        ("x", True),
        ("y", False),
    ]
