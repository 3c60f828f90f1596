"""The connection that a kubeconfig describes: certificates, tokens, exec plugins, OIDC."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from mesh_core.kubernetes.connection import Connection, Source, trust
from mesh_core.kubernetes.errors import ConfigurationError


def find_kubeconfig(environ: Mapping[str, str] = os.environ) -> str | None:
    """Give the kubeconfig files that kubectl would use, None when there is none."""
    listed = environ.get("KUBECONFIG")
    if listed:
        return listed
    home = environ.get("HOME")
    path = Path(home) / ".kube" / "config" if home else None
    return str(path) if path is not None and path.is_file() else None


def from_kubeconfig(files: str, context: str | None = None) -> Source:
    """Read the kubeconfig anew each time: its tokens and certificates may be replaced.

    `files` is one path or, as in KUBECONFIG, several with colons between them.
    """

    async def find() -> Connection:
        if not any(Path(file).is_file() for file in files.split(os.pathsep)):
            msg = f"the kubeconfig {files} does not exist"
            raise ConfigurationError(msg)
        # Loaded when it is needed: all of the library comes along, 20 MB and 0.3 s.
        library = await asyncio.to_thread(import_module, "kubernetes.aio")
        return await _load(library, files, context)

    return find


async def _load(library: Any, files: str, context: str | None) -> Connection:
    configuration = library.client.Configuration()
    configuration.host = ""
    wrong = (library.config.ConfigException, OSError, ValueError, TypeError, KeyError)
    try:
        loader = await library.config.load_kube_config(
            config_file=files,
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
        current: Mapping[str, Any] = loader.current_context["context"]
    except (*wrong, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        msg = f"cannot use the kubeconfig {files}: {reason}; check with kubectl config view"
        raise ConfigurationError(msg) from error
    if not configuration.host:
        msg = f"the kubeconfig {files} names no server in its current context"
        raise ConfigurationError(msg)
    _refuse_silent_plugin(loader, configuration)
    header = configuration.api_key.get("BearerToken")
    return Connection(
        server=configuration.host,
        default_namespace=current.get("namespace") or "default",
        tls=_tls(configuration, files) if configuration.host.startswith("https") else None,
        authorization=lambda: " ".join(header.split()) if header else None,
        server_name=configuration.tls_server_name or None,
        proxy=configuration.proxy or None,
    )


def _tls(configuration: Any, files: str) -> ssl.SSLContext:
    authority = configuration.ssl_ca_cert
    tls = trust(Path(authority) if authority else None)
    try:
        if configuration.cert_file:
            tls.load_cert_chain(configuration.cert_file, configuration.key_file)
    except (OSError, ssl.SSLError) as error:
        msg = f"cannot use the client certificate of the kubeconfig {files}: {error}"
        raise ConfigurationError(msg) from error
    if not configuration.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    return tls


def _refuse_silent_plugin(loader: Any, configuration: Any) -> None:
    """An exec plugin that failed leaves no credential: the library only logs why."""
    user = getattr(getattr(loader, "_user", None), "value", None) or {}
    if "exec" in user and not configuration.api_key and not configuration.cert_file:
        command = user["exec"].get("command", "")
        msg = f"the kubeconfig's exec plugin {command!r} gave no credential; the log says why"
        raise ConfigurationError(msg)
