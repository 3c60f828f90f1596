"""What a program needs to be allowed, declared beside the code that needs it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mesh_core.resources import Event, Resource

READ = ("get", "list", "watch")
"""The verbs of a follower."""


@dataclass(frozen=True, slots=True)
class Access:
    """Some verbs on one resource; an empty `namespace` means all, an empty `name` any object.

    `group` is the API group, empty for the core one; `resource` is the plural, in lower case.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @classmethod
    def to(
        cls,
        kind: type[Resource],
        *verbs: str,
        namespace: str = "",
        name: str = "",
        subresource: str = "",
    ) -> "Access":
        """Declare verbs on a kind that has a struct."""
        return cls(group_of(kind), kind.plural, verbs, namespace, name, subresource)

    @property
    def target(self) -> str:
        """The resource as a role names it: `pods`, `pods/status`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def where(self) -> str:
        """Where it is needed, as one says it."""
        return f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"

    @property
    def rule(self) -> dict[str, list[str]]:
        """The rule of a Role or ClusterRole that grants exactly this."""
        rule = {"apiGroups": [self.group], "resources": [self.target], "verbs": list(self.verbs)}
        return {**rule, "resourceNames": [self.name]} if self.name else rule

    def each(self) -> "Iterator[Access]":
        """Split into one declaration a verb, as the API server reviews them."""
        for verb in self.verbs:
            yield replace(self, verbs=(verb,))

    def __str__(self) -> str:
        """Render as `list, watch pods.apps in namespace x`."""
        resource = f"{self.target}.{self.group}" if self.group else self.target
        name = f" {self.name}" if self.name else ""
        return f"{', '.join(self.verbs)} {resource}{name} {self.where}"


EVENT_ACCESS = Access("", Event.plural, ("create", "patch"))
"""What recording events needs."""


def group_of(kind: type[Resource]) -> str:
    """Give a kind's API group, empty for the core one."""
    return kind.api_version.rpartition("/")[0]


def read_access(kinds: Iterable[type[Resource]], *, namespace: str = "") -> tuple[Access, ...]:
    """Declare what following `kinds` needs; cluster-scoped kinds are never in a namespace."""
    return tuple(
        Access.to(kind, *READ, namespace=namespace if kind.namespaced else "") for kind in kinds
    )
