"""Configuration of nginx and haproxy: one worker each, keep-alive, one field added a hop."""

from dataclasses import dataclass

NGINX = """\
worker_processes 1;
worker_rlimit_nofile 70000;
daemon off;
pid /var/run/bench/nginx.pid;
error_log stderr crit;
events { worker_connections 32768; }
http {
  access_log off;
  client_body_temp_path /var/run/bench/body;
  proxy_temp_path /var/run/bench/proxy;
  fastcgi_temp_path /var/run/bench/fastcgi;
  uwsgi_temp_path /var/run/bench/uwsgi;
  scgi_temp_path /var/run/bench/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600;
  client_header_timeout 600;
  default_type text/plain;
"""

ORIGIN = (
    NGINX
    + """\
  server {
    listen 8080 backlog=4096;
    listen [::]:8080 backlog=4096;
    listen 8081 backlog=4096;
    listen [::]:8081 backlog=4096;
    location / { return 200 "BODY"; }
  }
}
""".replace("BODY", "x" * 127 + "\\n")
)

HOP = (
    NGINX
    + """\
  upstream origin { server ORIGIN:8080; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 8002 backlog=4096;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Hop out;
      proxy_pass http://origin;
    }
  }
}
"""
)

DEFAULTS = """\
global
  nbthread 1
  no strict-limits
  maxconn 10500
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-bind-curves X25519
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  ssl-default-server-options ssl-min-ver TLSv1.3 no-tls-tickets
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
"""
"""OpenSSL's clients offer X25519 first, and the server takes nothing else."""

MUTUAL = (
    "no-ssl-reuse verify required verifyhost bench-server"
    " ca-file /etc/bench/ca.pem crt /etc/bench/client.pem"
)
BIND = "ssl crt /etc/bench/server.pem ca-file /etc/bench/ca.pem verify required"


@dataclass(frozen=True)
class Way:
    """A way through the haproxy pair, or through one haproxy where there is no `peer`."""

    port: int
    """Where applications connect."""
    app: int
    """The application's port."""
    mode: str = "http"
    peer: int = 0
    """Where the inbound haproxy takes mutual TLS."""


WAYS = {
    "pair": Way(8001, 8080, peer=8443),
    "tcp-pair": Way(8003, 8080, "tcp", peer=8444),
    "hop": Way(8004, 8080),
    "tcp-hop": Way(8005, 8080, "tcp"),
    "bulk-pair": Way(8011, 8082, peer=8453),
    "tcp-bulk-pair": Way(8013, 8082, "tcp", peer=8454),
}


def outbound(ways: dict[str, Way], origin: str) -> str:
    """The side of the client: one frontend a way."""
    text = DEFAULTS
    for name, way in ways.items():
        target = f"{origin}:{way.app}"
        if way.peer:
            http2 = "proto h2 alpn h2 " if way.mode == "http" else ""
            target = f"{origin}:{way.peer} ssl {http2}{MUTUAL}"
        field = "  http-request set-header x-hop out\n" if way.mode == "http" else ""
        text += f"frontend {name}\n  mode {way.mode}\n  bind :{way.port}\n{field}"
        text += f"  default_backend {name}\nbackend {name}\n  mode {way.mode}\n"
        text += f"  server peer {target}\n"
    return text


def inbound(ways: dict[str, Way]) -> str:
    """The side of the server: one frontend for each way that arrives with TLS."""
    text = DEFAULTS
    for name, way in ways.items():
        if not way.peer:
            continue
        is_http = way.mode == "http"
        field = "  http-request set-header x-client-id %[ssl_c_s_dn(cn)]\n" if is_http else ""
        text += f"frontend {name}\n  mode {way.mode}\n"
        text += f"  bind :{way.peer} {BIND}{' alpn h2' if is_http else ''}\n{field}"
        text += f"  default_backend {name}\nbackend {name}\n  mode {way.mode}\n"
        text += f"  server app 127.0.0.1:{way.app}\n"
    return text


def files(origin: str) -> dict[str, str]:
    """All configuration files, with `origin` as the address of the peer's pod."""
    return {
        "origin.conf": ORIGIN,
        "hop.conf": HOP.replace("ORIGIN", origin),
        "haproxy-out.cfg": outbound(WAYS, origin),
        "haproxy-in.cfg": inbound(WAYS),
    }
