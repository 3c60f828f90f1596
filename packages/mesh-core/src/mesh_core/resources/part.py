"""The base of every struct in a Kubernetes document."""

import msgspec


class Part(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel", kw_only=False
):
    """A piece of a Kubernetes document.

    Immutable, because all readers of a store share one instance. Fields that a document has and
    the struct does not are ignored; `unknown_fields` finds them for whoever must refuse them.
    `gc=False` keeps tens of thousands of objects off the garbage collector: such a tree never
    holds a cycle.
    """
