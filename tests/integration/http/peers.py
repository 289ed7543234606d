"""The servers that the suite is run against besides torc.

Their configurations are those of the load test, without what hides changes of files for a while,
and with precompressed files where the server knows of them. All else is as it comes.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases import SMALLEST
from process import free_port, last_words
from servers import (
    Launch,
    Setting,
    find_program,
    launch_caddy,
    launch_h2o,
    launch_lighttpd,
    launch_nginx,
    version_of,
)

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
APACHE_MODULES = Path("/usr/lib/apache2/modules")


class PeerError(Exception):
    """A server did not start."""


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    binary_name: str
    version_arguments: tuple[str, ...]
    launch: Callable[[Setting], Launch]

    def binary(self) -> str | None:
        return find_program(self.binary_name)

    def version(self) -> str:
        binary = self.binary()
        return version_of(binary, self.version_arguments) if binary else ""


def amend(configuration: Path, *replacements: tuple[str, str]) -> None:
    """Replaces each text, which must be there, lest a change of the load test go unnoticed."""
    text = configuration.read_text()
    for old, new in replacements:
        if old not in text:
            raise PeerError(f"{configuration.name} has no {old!r}")
        text = text.replace(old, new)
    configuration.write_text(text)


def nginx(setting: Setting) -> Launch:
    launch = launch_nginx(setting)
    amend(
        setting.scratch / "nginx.conf",
        ("    open_file_cache max=10000 inactive=60s;\n    open_file_cache_valid 60s;\n", ""),
        (
            "    default_type application/octet-stream;\n",
            "    include /etc/nginx/mime.types;\n"
            "    default_type application/octet-stream;\n"
            "    gzip_static on;\n",
        ),
    )
    return launch


def h2o(setting: Setting) -> Launch:
    launch = launch_h2o(setting)
    with (setting.scratch / "h2o.conf").open("a") as configuration:
        configuration.write("file.send-compressed: ON\n")
    return launch


def lighttpd(setting: Setting) -> Launch:
    launch = launch_lighttpd(setting)
    types = {".html": "text/html", ".css": "text/css", ".txt": "text/plain"}
    assigned = ", ".join(f'"{suffix}" => "{name}"' for suffix, name in types.items())
    amend(
        setting.scratch / "lighttpd.conf",
        (
            'mimetype.assign = (".bin" => "application/octet-stream")',
            f'mimetype.assign = ({assigned}, "" => "application/octet-stream")\n'
            'index-file.names = ("index.html")',
        ),
        ('server.stat-cache-engine = "inotify"\n', ""),
    )
    return launch


def caddy(setting: Setting) -> Launch:
    launch = launch_caddy(setting)
    amend(
        setting.scratch / "Caddyfile",
        # Else it is the site of this one Host alone.
        (
            f"http://127.0.0.1:{setting.port} {{\n",
            f"http://:{setting.port} {{\n    bind 127.0.0.1\n",
        ),
        ("    file_server\n", "    file_server {\n        precompressed br zstd gzip\n    }\n"),
    )
    return launch


def apache(setting: Setting) -> Launch:
    scratch = setting.scratch
    modules = "".join(
        f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "dir", "mime")
    )
    (scratch / "apache2.conf").write_text(
        f"""\
{modules}
ServerRoot {scratch}
ServerName localhost
DefaultRuntimeDir {scratch}
PidFile {scratch}/apache2.pid
ErrorLog {scratch}/apache2.errors
LogLevel error
User www-data
Group www-data
Listen 127.0.0.1:{setting.port}
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 75
TypesConfig /etc/mime.types
DirectoryIndex index.html
DocumentRoot {setting.site}
<Directory {setting.site}>
    Require all granted
</Directory>
"""
    )
    return Launch([setting.binary, "-D", "FOREGROUND", "-f", str(scratch / "apache2.conf")])


PEERS = (
    Peer("nginx", "nginx", "nginx", ("-v",), nginx),
    Peer("h2o", "h2o", "h2o", ("-v",), h2o),
    Peer("lighttpd", "lighttpd", "lighttpd", ("-v",), lighttpd),
    Peer("caddy", "Caddy", "caddy", ("version",), caddy),
    Peer("apache2", "Apache", "apache2", ("-v",), apache),
)


def unprivileged() -> list[str]:
    """Root reads what nobody may; without these capabilities it does not."""
    if os.geteuid() != 0:
        return []
    dropped = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}"]


def wait_until_listening(popen: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if popen.poll() is not None or time.monotonic() > give_up:
                raise PeerError("does not listen") from error
            time.sleep(0.02)


def end(popen: subprocess.Popen[bytes]) -> None:
    """Its own end first, so that it takes its children with it; then the whole session's."""
    popen.send_signal(signal.SIGTERM)
    try:
        popen.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()


@contextmanager
def running(peer: Peer, scratch: Path, site: Path) -> Iterator[int]:
    """Starts the server, gives its port, and stops it at the end."""
    port = free_port()
    binary = peer.binary()
    if binary is None:
        raise PeerError(f"{peer.name} is not installed")
    launch = peer.launch(
        Setting(binary=binary, site=site, scratch=scratch, port=port, cpus=(0,), case=SMALLEST)
    )
    log = scratch / f"{peer.name}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [*unprivileged(), *launch.command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | dict(launch.environment),
            start_new_session=True,
        )
    try:
        try:
            wait_until_listening(popen, port)
        except PeerError as error:
            raise PeerError(f"{peer.name}: {error} ({last_words(log)})") from error
        yield port
    finally:
        end(popen)
