"""Free ports that stay ours, also while the server that listens on them is stopped."""

import socket

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """A port of the loopback that no other program can take.

    It is bound by a socket that never listens. A server that sets SO_REUSEPORT too, and runs
    under the same user, can listen on it; while none does, connections are refused.
    """

    def __init__(self) -> None:
        self._holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._holder.bind((LOOPBACK, 0))
        self.number: int = self._holder.getsockname()[1]

    def release(self) -> None:
        """Let others have it."""
        self._holder.close()
