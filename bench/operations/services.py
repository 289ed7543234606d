"""The servers as services: their units, their settings, and what an operator does to them."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

INSIDE = "/opt/operations"
PORT = 8000


@dataclass(frozen=True)
class Service:
    """One server."""

    name: str
    unit: str
    # By the names of the rows, what is done with it; a row that it has no word for is left out.
    operations: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)


def common_operations(name: str) -> dict[str, str]:
    return {
        "restart": f"systemctl restart {name}",
        "reload": f"systemctl reload {name}",
        "kill -9": f"systemctl kill --signal=KILL --kill-whom=main {name}",
    }


def torc(project: Path) -> Service:
    """By the project's own unit, but for the program's place and what it serves."""
    text = (project / "config/torc.service").read_text()
    lines = []
    for line in text.splitlines():
        if line.startswith("ExecStart="):
            line = f"ExecStart={INSIDE}/torc --config {INSIDE}/torc.toml"
        lines.append(line)
    configuration = (f'version = 1\n[server]\nlisten = ["127.0.0.1:{PORT}"]\n'
                     f'[[site]]\ndefault = true\nroot = "{INSIDE}/site"\n')
    upgrade = "systemctl kill --signal=USR2 --kill-whom=main torc"
    return Service("torc", "\n".join(lines) + "\n", common_operations("torc") | {"upgrade": upgrade},
                   {"torc.toml": configuration})


def nginx() -> Service:
    configuration = (
        "user root;\nworker_processes 2;\npid /run/nginx.pid;\nerror_log /dev/null;\n"
        "events { worker_connections 4096; }\n"
        "http { "
        + " ".join(f"{kind}_temp_path /run/nginx-{kind};"
                   for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f" access_log off; keepalive_requests 1000000000; server {{ listen 127.0.0.1:{PORT}"
        f" reuseport; root {INSIDE}/site; }} }}\n")
    program = f"/usr/sbin/nginx -e /dev/null -c {INSIDE}/nginx.conf"
    unit = ("[Service]\nType=forking\nPIDFile=/run/nginx.pid\nRestart=on-failure\n"
            f"RestartSec=200ms\nExecStart={program}\nExecReload={program} -s reload\n"
            "ExecStop=/bin/kill -QUIT $MAINPID\nKillMode=mixed\n")
    upgrade = ("old=$(cat /run/nginx.pid); kill -USR2 $old; "
               "while [ ! -e /run/nginx.pid.oldbin ]; do sleep 0.01; done; sleep 0.2; "
               "kill -QUIT $old")
    return Service("nginx", unit, common_operations("nginx") | {"upgrade": upgrade},
                   {"nginx.conf": configuration})


def h2o() -> Service:
    configuration = (f"listen: {{ host: 127.0.0.1, port: {PORT} }}\nuser: root\nnum-threads: 2\n"
                     f'hosts: {{ default: {{ paths: {{ "/": {{ file.dir: {INSIDE}/site }} }} }} }}\n')
    unit = ("[Service]\nType=simple\nRestart=on-failure\nRestartSec=200ms\n"
            f"ExecStart=/usr/bin/h2o -m master -c {INSIDE}/h2o.conf\n"
            "ExecReload=/bin/kill -HUP $MAINPID\n")
    operations = common_operations("h2o") | {"upgrade": "systemctl reload h2o"}
    return Service("h2o", unit, operations, {"h2o.conf": configuration})


def caddy() -> Service:
    configuration = ("{\n admin unix//run/caddy-admin.sock\n auto_https off\n}\n"
                     f"http://127.0.0.1:{PORT} {{\n root * {INSIDE}/site\n file_server\n}}\n")
    program = "/usr/bin/caddy"
    unit = ("[Service]\nType=notify\nRestart=on-failure\nRestartSec=200ms\n"
            "Environment=HOME=/run XDG_DATA_HOME=/run XDG_CONFIG_HOME=/run\n"
            f"ExecStart={program} run --adapter caddyfile --config {INSIDE}/Caddyfile\n"
            f"ExecReload={program} reload --force --adapter caddyfile --address "
            f"unix//run/caddy-admin.sock --config {INSIDE}/Caddyfile\n")
    return Service("caddy", unit, common_operations("caddy"), {"Caddyfile": configuration})


def services(project: Path) -> list[Service]:
    """Those that are there."""
    peers = [service for service in (nginx(), h2o(), caddy()) if shutil.which(service.name)]
    return [torc(project), *peers]
