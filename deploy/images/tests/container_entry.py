"""Becomes a container's first process: what runc does for a pod, without a runtime.

The order is runc's: namespaces, root, bounding set, user with the capabilities kept, no new
privileges, then the program.
"""

import ctypes
import json
import os
import struct
import sys
from pathlib import Path

NEW_MOUNTS, NEW_NETWORK = 0x20000, 0x40000000
BIND, RECURSIVE, READ_ONLY, REMOUNT, PRIVATE = 4096, 16384, 1, 32, 1 << 18
SET_KEEP_CAPABILITIES, DROP_FROM_BOUNDING, SET_NO_NEW_PRIVILEGES = 8, 24, 38
BITS = {"net_admin": 12}

_libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    made = [argument.encode() if isinstance(argument, str) else argument for argument in arguments]
    if getattr(_libc, name)(*made) != 0:
        raise OSError(ctypes.get_errno(), name)


def enter(context):
    if context["netns"]:
        with Path(context["netns"]).open() as file:
            call("setns", file.fileno(), NEW_NETWORK)
    call("unshare", NEW_MOUNTS | (0 if context["netns"] else NEW_NETWORK))
    root = context["root"]
    call("mount", None, "/", None, RECURSIVE | PRIVATE, None)
    call("mount", root, root, None, BIND, None)
    call("mount", "proc", f"{root}/proc", "proc", 0, None)
    call("mount", None, root, None, BIND | REMOUNT | READ_ONLY, None)
    os.chroot(root)
    os.chdir("/")


def restrict(context):
    kept = [BITS[name] for name in context["capabilities"].split()]
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for bit in range(last + 1):
        if bit not in kept:
            call("prctl", DROP_FROM_BOUNDING, bit, 0, 0, 0)
    call("prctl", SET_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(*[context["group"]] * 3)
    os.setresuid(*[context["user"]] * 3)
    mask = sum(1 << bit for bit in kept)
    head = struct.pack("<Ii", 0x20080522, 0)
    call("capset", head, struct.pack("<6I", mask, mask, 0, 0, 0, 0))
    call("prctl", SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


given = json.loads(sys.argv[1])
enter(given)
restrict(given)
os.execvpe(given["command"][0], given["command"], given["environment"])
