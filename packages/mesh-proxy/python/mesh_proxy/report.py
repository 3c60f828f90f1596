"""What a command says on stderr: one line per result or failure, plain or JSON."""

import sys
from dataclasses import dataclass

LOG_FORMATS = ("plain", "json")
_SEVERITY = {
    "trace": 0,
    "debug": 0,
    "info": 1,
    "warn": 2,
    "warning": 2,
    "error": 3,
    "fatal": 3,
    "panic": 3,
}
LOG_LEVELS = tuple(_SEVERITY)


@dataclass(frozen=True, slots=True)
class Report:
    """Writes lines of at least `level` in `log_format`; errors are always written."""

    command: str
    log_format: str = "plain"
    level: str = "info"

    def debug(self, message: str, **fields: object) -> None:
        """Say what helps to find out why something else went wrong."""
        self._write("debug", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Say what was done."""
        self._write("info", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        """Say what the reader should know though all went well."""
        self._write("warn", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Say why the command fails."""
        self._write("error", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        if _SEVERITY[level] < _SEVERITY[self.level]:
            return
        if self.log_format == "json":
            import json  # noqa: PLC0415 - pods start for this, and most use plain

            line = json.dumps({"level": level, "message": message, **fields})
        else:
            details = "".join(f" {key}={value}" for key, value in fields.items())
            mark = "" if level == "info" else f"{level}: "
            line = f"mesh-proxy {self.command}: {mark}{message}{details}"
        print(line, file=sys.stderr)
