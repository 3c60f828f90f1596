"""`mesh-proxy init`: plan the redirect, then program each namespace in turn."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from mesh_proxy.errors import KernelRefused, MeshProxyError
from mesh_proxy.report import Report

from .batch import replacement
from .capability import require_net_admin
from .flags import Options, parse
from .former import former_redirects
from .netlink import commit
from .plan import TABLE, Chain, plan
from .syntax import document

_CLOSE_WAIT = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait"


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code, 0 when every namespace is redirected."""
    report = Report("init")
    try:
        options = parse(arguments)
        report = Report("init", options.log_format, options.log_level)
        if options.without_effect:
            report.info(f"no effect, netlink is used: {', '.join(options.without_effect)}")
        return _run(options, report)
    except MeshProxyError as error:
        report.error(str(error))
        return error.exit_code


def _run(options: Options, report: Report) -> int:
    chains = plan(options.redirect)
    if options.dry_run:
        print(document(chains), end="")
        return 0
    require_net_admin()
    failed = 0
    # One namespace that is gone (its pod ended meanwhile) must not keep the others
    # from being redirected; the first failure decides the exit code.
    for path in options.namespaces or (None,):
        try:
            _program(path, chains, options.close_wait_seconds, report)
        except MeshProxyError as error:
            report.error(_placed(error, path))
            failed = failed or error.exit_code
    return failed


def _program(
    path: str | None, chains: Sequence[Chain], close_wait: int | None, report: Report
) -> None:
    batch = replacement(chains)
    place = {"netns": path} if path else {}
    started = time.monotonic()
    with _namespace(path):
        commit(batch)
        milliseconds = round((time.monotonic() - started) * 1000)
        former = former_redirects()
        if close_wait is not None:
            _set_close_wait(close_wait)
    report.info(
        f"redirected: table inet {TABLE}",
        rules=sum(len(chain.rules) for chain in chains),
        milliseconds=milliseconds,
        **place,
    )
    if former:
        report.warn(
            f"the redirect of another mesh is here as well ({'; '.join(former)}); whichever the"
            " kernel asks first decides where a connection goes; remove it with the tool that made"
            " it (iptables -t nat -F), or recreate the pod where only one mesh injects",
            **place,
        )


def _namespace(path: str | None) -> AbstractContextManager[None]:
    if path is None:
        return nullcontext()
    # Only here, because ctypes is slow to load and a container has no use for it.
    from .namespace import entered  # noqa: PLC0415

    return entered(path)


def _set_close_wait(seconds: int) -> None:
    try:
        with open(_CLOSE_WAIT, "w") as setting:  # noqa: PTH123 - pathlib is slow to load
            setting.write(str(seconds))
    except OSError as error:
        raise KernelRefused(
            f"--timeout-close-wait-secs {seconds}: cannot write {_CLOSE_WAIT}: {error.strerror};"
            " it needs root and a writable /proc/sys (a privileged container); the redirect"
            " itself is in place"
        ) from error


def _placed(error: MeshProxyError, path: str | None) -> str:
    """Name the namespace, unless the message does so itself."""
    text = str(error)
    return text if path is None or path in text else f"--netns {path}: {text}"
