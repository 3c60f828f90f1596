"""`mesh-proxy init`: plan the redirect, then program each namespace in turn."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from mesh_proxy.errors import IncompleteInstallation, KernelRefused, MeshProxyError

from .capability import require_net_admin
from .flags import Options, parse
from .namespace import entered
from .plan import TABLE, Chain, plan
from .report import Report
from .syntax import document

_CLOSE_WAIT = Path("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code, 0 when every namespace is redirected."""
    report = Report()
    try:
        options = parse(arguments)
        report = Report(options.log_format, options.log_level)
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
    # The import takes a tenth of a second, so --dry-run and errors do without.
    try:
        from .batch import replacement  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise IncompleteInstallation(
            f"the module {error.name} is missing; install the package with its extra:"
            " pip install 'mesh-proxy[init]'"
        ) from error
    from .netlink import commit  # noqa: PLC0415

    batch = replacement(chains)
    started = time.monotonic()
    with entered(path) if path else nullcontext():
        commit(batch)
        if close_wait is not None:
            _set_close_wait(close_wait)
    report.info(
        f"redirected: table inet {TABLE}",
        rules=sum(len(chain.rules) for chain in chains),
        milliseconds=round((time.monotonic() - started) * 1000),
        **({"netns": path} if path else {}),
    )


def _set_close_wait(seconds: int) -> None:
    try:
        _CLOSE_WAIT.write_text(str(seconds))
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
