"""Servers that people run, as processes in a pod; found on PATH, else fetched from Debian."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshed import serving
from network import Namespace

from mesh_cli.local.programs import find_program

BIG = 3 * 1024 * 1024
"""Size of the largest file that nginx serves, in bytes."""

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type text/plain;
    client_max_body_size 8m;
    gzip on;
    gzip_min_length 100;
    server {{
        listen [::]:{http1} ipv6only=off;
        listen [::]:{http2} ipv6only=off http2;
        root {folder}/www;
        absolute_redirect off;
        location = /method {{ return 200 "$request_method $request_uri $http_x_mine"; }}
        location = /gone {{ return 204; }}
        location = /moved {{ return 301 /elsewhere; }}
        location = /teapot {{ return 418 "no coffee"; }}
        location = /upload {{
            proxy_pass http://127.0.0.1:{http1}/stored;
            proxy_set_header X-Length $http_content_length;
        }}
        location = /stored {{ return 200 "stored $http_content_length"; }}
    }}
}}
"""

_HAPROXY = """
global
    nbthread 1
    stats socket {folder}/haproxy.sock
defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend plain
    bind :::{http1} v4v6
    bind :::{http2} v4v6 proto h2
    acl asked path /method
    http-request return status 200 content-type text/plain lf-string "%HM %HPO %HV" if asked
    default_backend one
    use_backend two if {{ path_beg /h2/ }}
backend one
    server nginx 127.0.0.1:{nginx_http1}
backend two
    http-request set-path %[path,regsub(^/h2/,/)]
    server nginx 127.0.0.1:{nginx_http2} proto h2
"""


@contextmanager
def nginx(space: Namespace, folder: Path, http1: int, http2: int) -> Iterator[None]:
    """Serves files and canned answers: HTTP/1 on one port, HTTP/2 on the other."""
    www = folder / "www"
    www.mkdir(parents=True)
    (www / "small.txt").write_text("small")
    (www / "text.txt").write_text("compress me\n" * 1000)
    (www / "big.bin").write_bytes(os.urandom(BIG))
    (www / "empty.txt").touch()
    settings = folder / "nginx.conf"
    text = _NGINX.format(folder=folder, http1=http1, http2=http2)
    settings.write_text("user root;\n" + text if os.geteuid() == 0 else text)
    program = str(find_program("nginx", "nginx-light"))
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(settings)]
    with serving(space, http1, command, folder / "nginx.log"):
        yield


@contextmanager
def haproxy(space: Namespace, folder: Path, ports: dict[str, int]) -> Iterator[None]:
    """Passes requests on to nginx, as HTTP/1 or as HTTP/2 by their path."""
    settings = folder / "haproxy.cfg"
    settings.write_text(_HAPROXY.format(folder=folder, **ports))
    program = str(find_program("haproxy", "haproxy"))
    with serving(space, ports["http1"], [program, "-db", "-f", str(settings)], folder / "ha.log"):
        yield


@contextmanager
def redis(space: Namespace, folder: Path, port: int) -> Iterator[None]:
    """A server whose clients speak first, keep connections for long and pipeline."""
    program = str(find_program("redis-server", "redis-server"))
    options = {"port": port, "bind": "* -::*", "protected-mode": "no", "save": "", "dir": folder}
    flags = [flag for name, value in options.items() for flag in (f"--{name}", str(value))]
    with serving(space, port, [program, *flags], folder / "redis.log"):
        yield


@contextmanager
def mariadb(space: Namespace, folder: Path, port: int) -> Iterator[None]:
    """A server that speaks first."""
    program = find_program("mariadbd", "mariadb-server-core")
    data = folder / "data"
    data.mkdir()
    flags = {
        "datadir": str(data),
        "port": str(port),
        "bind-address": "*",
        "socket": str(folder / "mariadb.sock"),
        "pid-file": str(folder / "mariadb.pid"),
        "default-storage-engine": "MyISAM",
        "user": "root",
    }
    if (messages := program.parent / "root/usr/share/mysql").is_dir():
        flags["lc-messages-dir"] = str(messages)
    command = [
        str(program),
        "--no-defaults",
        "--skip-grant-tables",
        "--skip-innodb",
        "--skip-name-resolve",
    ]
    command += [f"--{name}={value}" for name, value in flags.items()]
    with serving(space, port, command, folder / "mariadb.log"):
        yield
