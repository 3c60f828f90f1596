"""Configuration of nginx and haproxy: one worker each, keep-alive, one field added a hop."""

NGINX = """\
worker_processes 1;
daemon off;
pid /var/run/bench/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path /var/run/bench/body;
  proxy_temp_path /var/run/bench/proxy;
  fastcgi_temp_path /var/run/bench/fastcgi;
  uwsgi_temp_path /var/run/bench/uwsgi;
  scgi_temp_path /var/run/bench/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600;
  default_type text/plain;
"""

ORIGIN = (
    NGINX
    + """\
  server {
    listen 8080;
    listen [::]:8080;
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
    listen 8002;
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
  maxconn 4096
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-bind-curves X25519
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  ssl-default-server-options ssl-min-ver TLSv1.3 no-tls-tickets
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
"""

HAPROXY_OUT = (
    DEFAULTS
    + """\
frontend app
  bind :8001
  http-request set-header x-hop out
  default_backend peer
backend peer
  server peer ORIGIN:8443 ssl proto h2 alpn h2 verify required TRUST
"""
)

TRUST = "ca-file /etc/bench/ca.pem crt /etc/bench/client.pem"

HAPROXY_IN = (
    DEFAULTS
    + """\
frontend peer
  bind :8443 ssl crt /etc/bench/server.pem ca-file /etc/bench/ca.pem verify required alpn h2
  http-request set-header x-client-id %[ssl_c_s_dn(cn)]
  default_backend app
backend app
  server app 127.0.0.1:8080
"""
)


def files(origin: str) -> dict[str, str]:
    """All configuration files, with `origin` as the address of the peer's pod."""
    return {
        "origin.conf": ORIGIN,
        "hop.conf": HOP.replace("ORIGIN", origin),
        "haproxy-out.cfg": HAPROXY_OUT.replace("ORIGIN", origin).replace("TRUST", TRUST),
        "haproxy-in.cfg": HAPROXY_IN,
    }
