"""Runs a program as on a kernel without nf_tables: its netfilter sockets cannot be opened.

A seccomp filter answers `socket(AF_NETLINK, …, NETLINK_NETFILTER)` as such a kernel does.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

_SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
_NETLINK_NETFILTER = 12
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
# In struct seccomp_data: the call's number, and the low half of its third argument.
_NUMBER, _PROTOCOL = 0, 32

_FILTER = (
    (_LOAD, 0, 0, _NUMBER),
    (_JUMP_IF_EQUAL, 0, 3, _SOCKET),
    (_LOAD, 0, 0, _PROTOCOL),
    (_JUMP_IF_EQUAL, 0, 1, _NETLINK_NETFILTER),
    (_RETURN, 0, 0, _ERROR | errno.EPROTONOSUPPORT),
    (_RETURN, 0, 0, _ALLOW),
)


def main() -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in _FILTER)
    memory = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(_FILTER), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_SET_SECCOMP, _MODE_FILTER, program, 0, 0)):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), f"prctl{arguments}")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
