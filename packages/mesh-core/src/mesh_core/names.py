"""Names that the mesh makes and takes apart: identities, SPIFFE IDs, Service and pod DNS names."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self

from mesh_core.errors import CoreError
from mesh_core.kubernetes_names import is_dns_name, is_label, is_subdomain

DEFAULT_CLUSTER_DOMAIN = "cluster.local"
DEFAULT_CONTROL_PLANE_NAMESPACE = "linkerd"
CONTROL_PLANE_LABEL = "linkerd.io/control-plane-ns"
"""The label that makes a pod a member of the mesh of the control plane in that namespace."""
COMPONENT_LABEL = "linkerd.io/control-plane-component"
"""On the control plane's own pods: which part of it they are."""

_IDENTITY_INFIX = ".serviceaccount.identity."
_MAX_NAME = 253
_MAX_SPIFFE_BYTES = 2048
_MAX_TRUST_DOMAIN = 255
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]+")
_SPIFFE_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


class InvalidNameError(CoreError):
    """A text is not the kind of name that it should be."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A workload's identity, as the DNS name in its certificate.

    `<service account>.<namespace>.serviceaccount.identity.<control plane ns>.<trust domain>`
    """

    service_account: str
    namespace: str
    control_plane_namespace: str = DEFAULT_CONTROL_PLANE_NAMESPACE
    trust_domain: str = DEFAULT_CLUSTER_DOMAIN

    def __post_init__(self) -> None:
        """Refuse parts that would make a name with a second reading."""
        for what, value, valid in (
            ("service account", self.service_account, is_subdomain(self.service_account)),
            ("namespace", self.namespace, is_label(self.namespace)),
            (
                "control plane namespace",
                self.control_plane_namespace,
                is_label(self.control_plane_namespace),
            ),
            ("trust domain", self.trust_domain, is_dns_name(self.trust_domain)),
        ):
            if not valid:
                msg = f"{value[:_MAX_NAME]!r} cannot be the {what} of an identity"
                raise InvalidNameError(msg)
        name = str(self)
        if len(name) > _MAX_NAME:
            msg = f"the identity {name[:_MAX_NAME]}… is longer than a DNS name, {_MAX_NAME} octets"
            raise InvalidNameError(msg)
        if name.count(_IDENTITY_INFIX) != 1:
            msg = f"the identity {name} has more than one reading; rename the service account"
            raise InvalidNameError(msg)

    def __str__(self) -> str:
        """Write the identity as its DNS name."""
        return (
            f"{self.service_account}.{self.namespace}{_IDENTITY_INFIX}"
            f"{self.control_plane_namespace}.{self.trust_domain}"
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an identity apart; refuses what `str` would not give back octet for octet."""
        workload, found, authority = text.partition(_IDENTITY_INFIX)
        account, dot, namespace = workload.rpartition(".")
        control_plane, second_dot, trust_domain = authority.partition(".")
        if not (found and dot and second_dot):
            msg = (
                f"{text[:_MAX_NAME]!r} is not an identity: expected SERVICEACCOUNT.NAMESPACE"
                f"{_IDENTITY_INFIX}CONTROL-PLANE-NAMESPACE.TRUST-DOMAIN"
            )
            raise InvalidNameError(msg)
        return cls(account, namespace, control_plane, trust_domain)


@dataclass(frozen=True, slots=True)
class SpiffeId:
    """A SPIFFE ID: `spiffe://<trust domain><path>`; the path is empty or begins with a slash."""

    trust_domain: str
    path: str = ""

    def __post_init__(self) -> None:
        """Hold the ID to the SPIFFE standard, sections 2.1 to 2.3."""
        if len(self.trust_domain) > _MAX_TRUST_DOMAIN or not _TRUST_DOMAIN.fullmatch(
            self.trust_domain
        ):
            msg = f"{self.trust_domain[:_MAX_NAME]!r} is not a SPIFFE trust domain"
            raise InvalidNameError(msg)
        for segment in self.path.split("/")[1:]:
            if not _SPIFFE_SEGMENT.fullmatch(segment) or segment in {".", ".."}:
                msg = f"{segment[:_MAX_NAME]!r} cannot be a part of a SPIFFE ID's path"
                raise InvalidNameError(msg)
        if self.path and not self.path.startswith("/"):
            msg = f"the path {self.path[:_MAX_NAME]!r} of a SPIFFE ID must begin with '/'"
            raise InvalidNameError(msg)
        if len(str(self)) > _MAX_SPIFFE_BYTES:
            msg = f"a SPIFFE ID has at most {_MAX_SPIFFE_BYTES} octets"
            raise InvalidNameError(msg)

    def __str__(self) -> str:
        """Write the ID as a URI."""
        return f"spiffe://{self.trust_domain}{self.path}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URI; port, user, query and fragment fail as the characters they need."""
        scheme, found, rest = text.partition("://")
        if not found or scheme != "spiffe":
            msg = f"{text[:_MAX_NAME]!r} is not a SPIFFE ID: expected spiffe://TRUST-DOMAIN/PATH"
            raise InvalidNameError(msg)
        trust_domain, slash, path = rest.partition("/")
        return cls(trust_domain, slash + path)


@dataclass(frozen=True, slots=True)
class ServiceName:
    """The DNS name of a Service, or of one pod (`hostname`) behind a headless one."""

    service: str
    namespace: str
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN
    hostname: str = ""

    def __post_init__(self) -> None:
        """Refuse parts that are not DNS labels."""
        for part in (self.service, self.namespace, *filter(None, (self.hostname,))):
            if not is_label(part):
                msg = f"{part[:_MAX_NAME]!r} cannot be a part of a Service's name"
                raise InvalidNameError(msg)
        if not is_dns_name(self.cluster_domain):
            msg = f"{self.cluster_domain[:_MAX_NAME]!r} cannot be a cluster domain"
            raise InvalidNameError(msg)

    def __str__(self) -> str:
        """Write the full name, without a trailing dot."""
        prefix = f"{self.hostname}." if self.hostname else ""
        return f"{prefix}{self.service}.{self.namespace}.svc.{self.cluster_domain}"

    @classmethod
    def parse(cls, text: str, cluster_domain: str = DEFAULT_CLUSTER_DOMAIN) -> Self:
        """Read a full name, in any case and with or without a trailing dot."""
        name = text.lower().removesuffix(".")
        labels = name.removesuffix(f".svc.{cluster_domain}").split(".")
        match labels if name.endswith(f".svc.{cluster_domain}") else ():
            case (service, namespace):
                return cls(service, namespace, cluster_domain)
            case (hostname, service, namespace) if hostname:
                return cls(service, namespace, cluster_domain, hostname)
        msg = (
            f"{text[:_MAX_NAME]!r} is not the name of a Service: expected "
            f"[HOSTNAME.]SERVICE.NAMESPACE.svc.{cluster_domain}"
        )
        raise InvalidNameError(msg)


@dataclass(frozen=True, slots=True)
class PodAddressName:
    """The DNS name that a pod has by its address: `10-1-2-3.<namespace>.pod.<cluster domain>`."""

    address: IPv4Address | IPv6Address
    namespace: str
    cluster_domain: str = DEFAULT_CLUSTER_DOMAIN

    def __str__(self) -> str:
        """Write the full name, without a trailing dot."""
        label = re.sub(r"[.:]", "-", str(self.address))
        if label[0] == "-":  # `::1`: a label cannot begin with a hyphen
            label = f"0{label}"
        if label[-1] == "-":
            label = f"{label}0"
        return f"{label}.{self.namespace}.pod.{self.cluster_domain}"

    @classmethod
    def parse(cls, text: str, cluster_domain: str = DEFAULT_CLUSTER_DOMAIN) -> Self:
        """Read a full name, in any case and with or without a trailing dot."""
        name = text.lower().removesuffix(".")
        label, dot, namespace = name.removesuffix(f".pod.{cluster_domain}").partition(".")
        if dot and name.endswith(f".pod.{cluster_domain}") and is_label(namespace):
            for version, separator in ((IPv4Address, "."), (IPv6Address, ":")):
                try:
                    return cls(version(label.replace("-", separator)), namespace, cluster_domain)
                except AddressValueError:
                    continue
        msg = (
            f"{text[:_MAX_NAME]!r} is not the name of a pod's address: expected "
            f"A-B-C-D.NAMESPACE.pod.{cluster_domain}"
        )
        raise InvalidNameError(msg)
