"""Differences between sets: a reader of them always ends with the newest set."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_destination.testing import Follower
from mesh_destination.views.answer import MAX_MESSAGES, Whole, revision_field
from mesh_destination.views.endpoint_set import EndpointSet, SocketAddress
from mesh_destination.views.weighted_address import plain_address
from mesh_proto.pb import destination_pb2, inbound_pb2, outbound_pb2

PLACES = [SocketAddress(f"10.1.0.{n}", 80) for n in range(4)] + [SocketAddress("fd00::1", 80)]


def endpoint(place, zone="a"):
    return plain_address(place, zone=zone, client_zone="a")


def endpoint_set(*places, labels=None, exists=True):
    named = {"service": "web"} if labels is None else labels
    return EndpointSet(exists, named, {place: endpoint(place) for place in places})


sets = st.builds(
    lambda zones, service: EndpointSet(
        exists=True,
        labels={"service": service},
        endpoints={place: endpoint(place, zone) for place, zone in zones.items()},
    ),
    st.dictionaries(st.sampled_from(PLACES), st.sampled_from("ab"), max_size=5),
    st.sampled_from(["web", "web", "api"]),
) | st.just(EndpointSet(exists=False))


@given(st.lists(sets, min_size=1, max_size=8))
def test_a_reader_of_every_step_has_the_newest_set(history):
    follower, sent = Follower(), None
    for newest, revision in zip(history, itertools.count(2, MAX_MESSAGES), strict=False):
        messages = newest.since(sent, revision)
        assert len(messages) <= MAX_MESSAGES
        assert messages or sent == newest
        follower.read(*messages)
        assert follower.endpoints == dict(newest.endpoints)
        assert follower.exists == newest.exists
        assert not newest.endpoints or follower.labels == dict(newest.labels)
        sent = newest
    assert follower.revisions == sorted(set(follower.revisions))


@given(sets, sets, st.data())
def test_a_reader_that_slept_needs_no_history(first, last, data):
    data.draw(st.lists(sets))
    follower = Follower()
    follower.read(*first.since(None, 2))
    follower.read(*last.since(first, 100))
    assert follower.endpoints == dict(last.endpoints)


def kinds(messages):
    return [destination_pb2.Update.FromString(m).WhichOneof("update") for m in messages]


def test_only_differences_travel():
    a, b, c = PLACES[:3]
    (message,) = endpoint_set(a, b, c).since(endpoint_set(a, b), 4)
    update = destination_pb2.Update.FromString(message)
    assert len(update.add.addrs) == 1
    assert update.mesh_revision == 4
    assert kinds(endpoint_set(a).since(endpoint_set(a, b, c), 4)) == ["remove"]
    assert endpoint_set(a).since(endpoint_set(a), 4) == ()


def test_new_ones_come_before_old_ones_go():
    a, b = PLACES[:2]
    messages = endpoint_set(b).since(endpoint_set(a), 4)
    assert kinds(messages) == ["add", "remove"]
    revisions = [destination_pb2.Update.FromString(m).mesh_revision for m in messages]
    assert revisions == [3, 4]


def test_labels_of_the_set_reach_every_endpoint():
    a, b = PLACES[:2]
    (message,) = endpoint_set(a, b, labels={"service": "new"}).since(endpoint_set(a, b), 4)
    assert len(destination_pb2.Update.FromString(message).add.addrs) == 2


def test_emptiness_is_said_in_both_ways():
    """A reader that does not take `no_endpoints` for a removal is left with none too."""
    assert kinds(EndpointSet(exists=True).since(endpoint_set(PLACES[0]), 4)) == [
        "remove",
        "no_endpoints",
    ]
    (message,) = EndpointSet(exists=False).since(EndpointSet(exists=True), 4)
    assert not destination_pb2.Update.FromString(message).no_endpoints.exists


@pytest.mark.parametrize(
    "kind",
    [
        destination_pb2.Update,
        destination_pb2.DestinationProfile,
        outbound_pb2.OutboundPolicy,
        inbound_pb2.Server,
    ],
)
def test_the_revision_is_the_same_field_everywhere(kind):
    assert kind.FromString(revision_field(2**40)).mesh_revision == 2**40
    assert kind(mesh_revision=7).SerializeToString() == revision_field(7)


def test_a_whole_answer_is_sent_when_it_differs():
    profile = destination_pb2.DestinationProfile(fully_qualified_name="web")
    whole = Whole.of(profile)
    (message,) = whole.since(None, 6)
    decoded = destination_pb2.DestinationProfile.FromString(message)
    assert (decoded.fully_qualified_name, decoded.mesh_revision) == ("web", 6)
    assert whole.since(Whole.of(profile), 8) == ()
    assert len(whole.since(Whole(b""), 8)) == 1
