"""`mesh-proxy`: the sidecar's commands.

Each command imports what it needs when it is chosen; `run` stays in memory for the
life of a pod and must not carry the others.
"""

import sys

_USAGE = """\
usage: mesh-proxy COMMAND

  run                run the proxy; configured by the environment (LINKERD2_PROXY_*)
  init               redirect a pod's TCP connections to the proxy (init --help)
  validate-network   check that a CNI plugin has redirected them (validate-network --help)
  await              wait for the proxy, then run a program (await --help)
  version            print the versions of the package and the engine
"""

_USAGE_ERROR = 64

# What Linkerd calls these commands, as programs of their own: a link of that name suffices.
_ALIASES = {
    "linkerd2-proxy-init": "init",
    "linkerd2-network-validator": "validate-network",
    "linkerd-await": "await",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code.

    Without `arguments` it is that of the process, whose name may choose the command.
    """
    given = _of_the_process() if arguments is None else arguments
    command, rest = (given[0], given[1:]) if given else ("", [])
    if command in {"-h", "--help", "help"}:
        print(_USAGE, end="")
        return 0
    if command in {"init", "validate-network", "await"}:
        return _with_flags(command, rest)
    if command in {"run", "version", "--version"} and rest:
        return _refuse(f"{command} takes no arguments, but {rest[0]!r} was given")
    if command == "run":
        from .agent import main as run  # noqa: PLC0415

        return run()
    if command in {"version", "--version"}:
        from .version import main as version  # noqa: PLC0415

        return version()
    return _refuse(f"there is no command {command!r}" if command else "a command is missing")


def _of_the_process() -> list[str]:
    program = sys.argv[0].rpartition("/")[2]
    alias = _ALIASES.get(program)
    return sys.argv[1:] if alias is None else [alias, *sys.argv[1:]]


def _with_flags(command: str, rest: list[str]) -> int:
    if command == "init":
        from .init.command import main as init  # noqa: PLC0415

        return init(rest)
    if command == "await":
        from .await_ready.command import main as await_ready  # noqa: PLC0415

        return await_ready(rest)
    from .validate_network.command import main as validate_network  # noqa: PLC0415

    return validate_network(rest)


def _refuse(message: str) -> int:
    print(f"mesh-proxy: {message}; see mesh-proxy --help", file=sys.stderr)
    return _USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
