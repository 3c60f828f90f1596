"""A small DNS server in a namespace, and how a process there is made to ask it."""

import socket
import threading
from pathlib import Path

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
from network import Namespace

from mesh_proxy.init.namespace import entered


class Dns:
    """Answers A and SRV questions from a table, on UDP port 53 of a namespace."""

    def __init__(self, space: Namespace) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.ttl = 5
        """Seconds, in every answer."""
        self.silent = False
        """Whether it answers nothing at all."""
        with entered(space.path):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.socket.settimeout(0.05)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while not self.ended.is_set():
            try:
                query, client = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            answer = self._answer(dns.message.from_wire(query))
            if not self.silent:
                self.socket.sendto(answer, client)

    def _answer(self, query: dns.message.Message) -> bytes:
        (question,) = query.question
        key = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(key)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if records := self.records.get(key):
            response.answer.append(
                dns.rrset.from_text(question.name, self.ttl, "IN", key[1], *records)
            )
        return response.to_wire()

    def close(self) -> None:
        self.ended.set()
        self.thread.join()
        self.socket.close()


def resolving(folder: Path) -> list[str]:
    """What to put before a command, so that it finds the server of its namespace."""
    resolver = folder / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\n")
    bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", bind, str(resolver)]
