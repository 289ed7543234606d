"""How each server is started.

Every one gets the same terms: one worker, no access log, sendfile where it has the choice, files
and descriptors cached where it can, keep-alive without a limit of requests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cases import CASES, SMALLEST, Case

MAX_CONNECTIONS = 16384
IDLE_TIMEOUT_S = 75


@dataclass(frozen=True)
class Setting:
    """Where and for what a server is started."""

    binary: str
    site: Path
    scratch: Path
    port: int
    cpu: int
    case: Case


@dataclass(frozen=True)
class Launch:
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    name: str
    # The Debian package that has the binary; None for what this project builds.
    package: str | None
    binary_name: str
    version_arguments: tuple[str, ...]
    launch: Callable[[Setting], Launch]
    # The cases in which it runs when no servers are named.
    default_cases: tuple[Case, ...] = CASES
    holds_idle_connections: bool = True


def launch_torc(setting: Setting, io: str) -> Launch:
    return Launch(
        [setting.binary, str(setting.site)]
        + ["--address", "127.0.0.1", "--port", str(setting.port)]
        + ["--workers", "1", "--cpus", str(setting.cpu)]
        + ["--access-log", "off", "--io", io]
    )


def launch_floor(setting: Setting) -> Launch:
    command = [setting.binary, "--port", str(setting.port), "--size", str(setting.case.body_bytes)]
    return Launch(command + (["--close"] if setting.case.close else []))


def launch_nginx(setting: Setting) -> Launch:
    scratch = setting.scratch
    configuration = scratch / "nginx.conf"
    configuration.write_text(
        f"""\
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log stderr error;
events {{
    worker_connections {MAX_CONNECTIONS};
}}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout {IDLE_TIMEOUT_S}s;
    open_file_cache max=10000 inactive=60s;
    open_file_cache_valid 60s;
    client_body_temp_path {scratch}/nginx-body;
    proxy_temp_path {scratch}/nginx-proxy;
    fastcgi_temp_path {scratch}/nginx-fastcgi;
    uwsgi_temp_path {scratch}/nginx-uwsgi;
    scgi_temp_path {scratch}/nginx-scgi;
    server {{
        listen 127.0.0.1:{setting.port};
        root {setting.site};
    }}
}}
"""
    )
    # -e: or it opens the log of the installed service.
    command = [setting.binary, "-p", str(scratch), "-e", "stderr", "-c", str(configuration)]
    return Launch(command)


def launch_h2o(setting: Setting) -> Launch:
    configuration = setting.scratch / "h2o.conf"
    # crash-handler: the default one is a Perl process beside the server, which would be counted.
    configuration.write_text(
        f"""\
crash-handler: ""
num-threads: 1
num-name-resolution-threads: 1
max-connections: {MAX_CONNECTIONS}
http1-request-timeout: {IDLE_TIMEOUT_S}
temp-buffer-path: {setting.scratch}
listen:
  host: 127.0.0.1
  port: {setting.port}
hosts:
  default:
    paths:
      "/":
        file.dir: {setting.site}
"""
    )
    return Launch([setting.binary, "-c", str(configuration)])


def launch_lighttpd(setting: Setting) -> Launch:
    configuration = setting.scratch / "lighttpd.conf"
    # max-keep-alive-requests: a 16-bit number; no connection here lives to send as many.
    configuration.write_text(
        f"""\
server.document-root = "{setting.site}"
server.bind = "127.0.0.1"
server.port = {setting.port}
server.max-fds = {MAX_CONNECTIONS}
server.max-connections = {MAX_CONNECTIONS // 2}
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = {IDLE_TIMEOUT_S}
server.network-backend = "sendfile"
server.stat-cache-engine = "inotify"
mimetype.assign = (".bin" => "application/octet-stream")
"""
    )
    return Launch([setting.binary, "-D", "-f", str(configuration)])


def launch_caddy(setting: Setting) -> Launch:
    configuration = setting.scratch / "Caddyfile"
    configuration.write_text(
        f"""\
{{
    admin off
    auto_https off
    log {{
        level ERROR
    }}
}}
http://127.0.0.1:{setting.port} {{
    root * {setting.site}
    file_server
}}
"""
    )
    home = str(setting.scratch)
    return Launch(
        [setting.binary, "run", "--config", str(configuration), "--adapter", "caddyfile"],
        {"GOMAXPROCS": "1", "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home},
    )


SERVERS = (
    Server("torc", None, "torc", ("--version",), lambda setting: launch_torc(setting, "uring")),
    Server(
        "torc-epoll",
        None,
        "torc",
        ("--version",),
        lambda setting: launch_torc(setting, "epoll"),
        default_cases=(SMALLEST,),
    ),
    Server("floor", None, "floor", (), launch_floor, holds_idle_connections=False),
    Server("nginx", "nginx", "nginx", ("-v",), launch_nginx),
    Server("h2o", "h2o", "h2o", ("-v",), launch_h2o),
    Server("lighttpd", "lighttpd", "lighttpd", ("-v",), launch_lighttpd),
    Server("caddy", "caddy", "caddy", ("version",), launch_caddy),
)


def find_program(name: str) -> str | None:
    """Debian keeps servers in /usr/sbin, which is not on every user's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin")


def version_of(binary: str, arguments: tuple[str, ...]) -> str:
    """The first version number that the program prints; some exit with an error while at it."""
    if not arguments:
        return ""
    run = subprocess.run(
        [binary, *arguments], capture_output=True, text=True, check=False, timeout=10
    )
    found = re.search(r"\d+\.\d+(\.\d+)*", run.stdout + run.stderr)
    return found.group() if found else "unknown"
