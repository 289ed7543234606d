"""How each server is started.

Every one gets the same terms: a worker for each CPU, no access log unless the case is about it,
sendfile where it has the choice, files and descriptors cached where it can, keep-alive without a
limit of requests.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cases import CLOSE, LARGEST, LATENCY, PIPELINED, SIZES, TREE, Case, Row

# The program of the servers that --compare adds.
BEFORE = "torc-before"
MAX_CONNECTIONS = 16384
IDLE_TIMEOUT_S = 75
# As many as there are files in the tree, and some; nginx keeps a descriptor for each.
OPEN_FILES_MAX = 110_000
NGINX_DESCRIPTORS = OPEN_FILES_MAX + MAX_CONNECTIONS
# Descriptors that a server needs besides those of the files: connections, libraries, logs.
SPARE_DESCRIPTORS = 2_000
# torc's cache, where it is to be too small for the tree.
CACHE_OPTION = "--cache-memory"
SMALL_CACHE_BYTES = 64 << 20


@dataclass(frozen=True)
class Setting:
    """Where and for what a server is started."""

    binary: str
    site: Path
    scratch: Path
    port: int
    # One worker for each.
    cpus: tuple[int, ...]
    case: Case
    # Directories show what is in them.
    listing: bool = False

    @property
    def workers(self) -> int:
        return len(self.cpus)

    @property
    def access_log(self) -> Path:
        """Written if the case says so."""
        return self.scratch / "access.log"

    def log_name(self, standard_output: str) -> str:
        """Where to log, for a server that calls its standard output so."""
        if self.case.log in ("stdout", "pipe"):
            return standard_output
        return str(self.access_log)


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
    # What it can take part in; None is everything.
    rows: tuple[Row, ...] | None = None

    def takes_part_in(self, row: Row) -> bool:
        return self.rows is None or row in self.rows


# ----------------------------------------------------------------------------------------- torc


def has_cache_option(binary: str) -> bool:
    """An older torc has none."""
    run = subprocess.run(
        [binary, "--help"], capture_output=True, text=True, check=False, timeout=10
    )
    return CACHE_OPTION in run.stdout


def launch_torc(setting: Setting, io: str) -> Launch:
    return Launch(
        [setting.binary, str(setting.site)]
        + ["--address", "127.0.0.1", "--port", str(setting.port)]
        + ["--workers", str(setting.workers), "--cpus", ",".join(map(str, setting.cpus))]
        + ["--access-log", setting.log_name("-") if setting.case.log else "off"]
        + ["--io", io, *(["--listing"] if setting.listing else [])]
        + (["--spa", setting.case.path[1:]] if setting.case.fallback else [])
    )


def launch_torc_64m(setting: Setting) -> Launch:
    launch = launch_torc(setting, "uring")
    return Launch([*launch.command, CACHE_OPTION, str(SMALL_CACHE_BYTES)])


# -------------------------------------------------------------------------------- floor and peers


def launch_floor(setting: Setting) -> Launch:
    body = f"{setting.site}{setting.case.path}"
    command = [setting.binary, "--port", str(setting.port), "--body", body]
    return Launch(command + (["--close"] if setting.case.close else []))


def open_files_of_nginx() -> int:
    """What its cache of open files may hold: the whole tree, if the limit of descriptors is as high
    or can be raised. (Root alone is not enough for that in many containers.)
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, NGINX_DESCRIPTORS))
    except (ValueError, OSError):
        return max(min(OPEN_FILES_MAX, hard - SPARE_DESCRIPTORS), SPARE_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return OPEN_FILES_MAX


def launch_nginx(setting: Setting) -> Launch:
    scratch = setting.scratch
    tree = setting.case.tree
    open_files = open_files_of_nginx() if tree else 10_000
    # Its master, which is root, may raise the limit.
    limit = f"worker_rlimit_nofile {NGINX_DESCRIPTORS};" if open_files == OPEN_FILES_MAX else ""
    # In buffers, as the others do.
    access_log = f"{setting.log_name('/dev/stdout')} combined buffer=64k flush=1s"
    configuration = scratch / "nginx.conf"
    configuration.write_text(
        f"""\
daemon off;
worker_processes {setting.workers};
{limit}
pid {scratch}/nginx.pid;
error_log stderr error;
events {{
    worker_connections {MAX_CONNECTIONS};
}}
http {{
    access_log {access_log if setting.case.log else "off"};
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout {IDLE_TIMEOUT_S}s;
    open_file_cache max={open_files} inactive=60s;
    open_file_cache_valid 60s;
    client_body_temp_path {scratch}/nginx-body;
    proxy_temp_path {scratch}/nginx-proxy;
    fastcgi_temp_path {scratch}/nginx-fastcgi;
    uwsgi_temp_path {scratch}/nginx-uwsgi;
    scgi_temp_path {scratch}/nginx-scgi;
    server {{
        listen 127.0.0.1:{setting.port};
        root {setting.site};
        autoindex {"on" if setting.listing else "off"};
        {f"location / {{ try_files $uri {setting.case.path}; }}" if setting.case.fallback else ""}
    }}
}}
"""
    )
    # -e: or it opens the log of the installed service.
    command = [setting.binary, "-p", str(scratch), "-e", "stderr", "-c", str(configuration)]
    return Launch(command)


def launch_h2o(setting: Setting) -> Launch:
    configuration = setting.scratch / "h2o.conf"
    access_log = f"access-log: {setting.access_log}" if setting.case.log else ""
    # crash-handler: the default one is a Perl process beside the server, which would be counted.
    configuration.write_text(
        f"""\
crash-handler: ""
num-threads: {setting.workers}
num-name-resolution-threads: 1
max-connections: {MAX_CONNECTIONS}
http1-request-timeout: {IDLE_TIMEOUT_S}
temp-buffer-path: {setting.scratch}
{access_log}
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
    access_log = f"""\
server.modules += ("mod_accesslog")
accesslog.filename = "{setting.access_log}"
"""
    # It wants two for each connection.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = 2 * MAX_CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        descriptors = min(descriptors, hard)
    # max-keep-alive-requests: a 16-bit number; no connection here lives to send as many.
    configuration.write_text(
        f"""\
server.document-root = "{setting.site}"
server.bind = "127.0.0.1"
server.port = {setting.port}
server.max-fds = {descriptors}
server.max-connections = {descriptors // 2}
server.max-worker = {setting.workers if setting.workers > 1 else 0}
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = {IDLE_TIMEOUT_S}
server.network-backend = "sendfile"
server.stat-cache-engine = "inotify"
mimetype.assign = (".bin" => "application/octet-stream")
{access_log if setting.case.log else ""}
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
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(setting.scratch))
    return Launch(
        [setting.binary, "run", "--config", str(configuration), "--adapter", "caddyfile"],
        {"GOMAXPROCS": str(setting.workers)} | homes,
    )


SERVERS = (
    Server("torc", None, "torc", ("--version",), lambda setting: launch_torc(setting, "uring")),
    Server(
        "torc-epoll", None, "torc", ("--version",), lambda setting: launch_torc(setting, "epoll")
    ),
    # Another build of torc, see --compare.
    Server(
        "torc-before", None, BEFORE, ("--version",), lambda setting: launch_torc(setting, "uring")
    ),
    Server(
        "torc-epoll-before",
        None,
        BEFORE,
        ("--version",),
        lambda setting: launch_torc(setting, "epoll"),
    ),
    Server("torc-64m", None, "torc", ("--version",), launch_torc_64m, rows=(TREE,)),
    # It has one answer.
    Server(
        "floor",
        None,
        "floor",
        (),
        launch_floor,
        rows=(*SIZES, LARGEST, PIPELINED, CLOSE, LATENCY),
    ),
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
