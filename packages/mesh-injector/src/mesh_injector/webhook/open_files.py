"""Room for connections among the files that a process may have open."""

import resource


def allow_open_files(number: int) -> None:
    """Raise the soft limit to `number`, as far as the hard limit lets us.

    Container runtimes start processes with 1,024, for the sake of programs that use select(2).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
