"""`mesh-proxy validate-network`: says whether connections of this pod reach its proxy."""

import time
from collections.abc import Sequence

from mesh_proxy.errors import MeshProxyError
from mesh_proxy.report import Report

from .flags import parse
from .redirect_check import check


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code: 0 redirected, 95 not."""
    report = Report("validate-network")
    try:
        options = parse(arguments)
        report = Report("validate-network", options.log_format, options.log_level)
        report.debug(f"listening on {options.listen}, connecting to {options.connect}")
        started = time.monotonic()
        check(options.listen, options.connect, options.timeout)
    except MeshProxyError as error:
        report.error(str(error))
        return error.exit_code
    report.info(
        f"redirected: {options.connect} leads to {options.listen}",
        milliseconds=round((time.monotonic() - started) * 1000),
    )
    return 0
