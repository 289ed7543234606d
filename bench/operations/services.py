"""The servers as services: their units, their settings, and what an operator does to them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from container import INSIDE

PORT = 8000
LOGS = "/var/log/torc"
# As torc's: systemd starts them as often as they are stopped and killed.
UNIT = "[Unit]\nStartLimitIntervalSec=0\n"


@dataclass(frozen=True)
class Service:
    """One server."""

    name: str
    unit: str
    # By the names of the rows, what is done with it; a row that it has no word for is left out.
    operations: dict[str, str]
    # Its settings: a file beside the program, and what is in it.
    file: str
    settings: str
    # The same with an access log, which `rotation` among the operations opens anew.
    with_log: str = ""


def common_operations(name: str) -> dict[str, str]:
    return {
        "restart": f"systemctl restart {name}",
        "reload": f"systemctl reload {name}",
        "kill -9": f"systemctl kill --signal=KILL --kill-whom=main {name}",
    }


def torc_unit(project: Path, name: str, file: str) -> str:
    """The project's own, but for the program's place, what it serves and the names of directories."""
    text = (project / "config/torc.service").read_text()
    lines = []
    for line in text.splitlines():
        if line.startswith("ExecStart="):
            line = f"ExecStart={INSIDE}/torc --config {INSIDE}/{file}"
        lines.append(line.replace("Directory=torc", f"Directory={name}")
                     .replace("/run/torc/", f"/run/{name}/")
                     .replace("/usr/local/bin/", f"{INSIDE}/"))
    return "\n".join(lines) + "\n"


def torc_settings(server: str = "", sites: str = "") -> str:
    """`server`: lines of its table."""
    return (f'version = 1\n[server]\nlisten = ["127.0.0.1:{PORT}"]\n{server}'
            f'[[site]]\ndefault = true\nroot = "{INSIDE}/site"\n{sites}')


def torc_client(command: str, name: str = "torc") -> str:
    return f"{INSIDE}/torc {command} --admin unix:/run/{name}/admin.sock"


def torc(project: Path) -> Service:
    operations = common_operations("torc") | {
        # As `systemctl reload` and by SIGUSR2, but these wait for the outcome.
        "reload": torc_client("reload"),
        "upgrade": torc_client("upgrade"),
        "rotation": "systemctl kill --signal=USR1 torc",
    }
    log = f'[server.log]\naccess = "{LOGS}/access.log"\n'
    return Service("torc", torc_unit(project, "torc", "torc.toml"), operations, "torc.toml",
                   torc_settings(), torc_settings(log))


def nginx_settings(log: str) -> str:
    paths = " ".join(f"{kind}_temp_path /run/nginx-{kind};"
                     for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return ("user root;\nworker_processes 2;\npid /run/nginx.pid;\nerror_log /dev/null;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ {paths} access_log {log}; keepalive_requests 1000000000; server {{\n"
            f"listen 127.0.0.1:{PORT} reuseport; root {INSIDE}/site; }} }}\n")


def nginx() -> Service:
    program = f"/usr/sbin/nginx -e /dev/null -c {INSIDE}/nginx.conf"
    unit = (f"{UNIT}[Service]\nType=forking\nPIDFile=/run/nginx.pid\nRestart=on-failure\n"
            "RestartSec=200ms\nLogsDirectory=torc\n"
            f"ExecStart={program}\nExecReload={program} -s reload\n"
            "ExecStop=/bin/kill -QUIT $MAINPID\nKillMode=mixed\n")
    upgrade = ("old=$(cat /run/nginx.pid); kill -USR2 $old; "
               "while [ ! -e /run/nginx.pid.oldbin ]; do sleep 0.01; done; sleep 0.2; "
               "kill -QUIT $old; while [ -e /run/nginx.pid.oldbin ]; do sleep 0.01; done")
    operations = common_operations("nginx") | {
        "upgrade": upgrade, "rotation": "kill -USR1 $(cat /run/nginx.pid)",
    }
    return Service("nginx", unit, operations, "nginx.conf", nginx_settings("off"),
                   nginx_settings(f"{LOGS}/access.log"))


def h2o() -> Service:
    settings = (f"listen: {{ host: 127.0.0.1, port: {PORT} }}\nuser: root\nnum-threads: 2\n"
                f'hosts: {{ default: {{ paths: {{ "/": {{ file.dir: {INSIDE}/site }} }} }} }}\n')
    unit = (f"{UNIT}[Service]\nType=simple\nRestart=on-failure\nRestartSec=200ms\n"
            f"ExecStart=/usr/bin/h2o -m master -c {INSIDE}/h2o.conf\n"
            "ExecReload=/bin/kill -HUP $MAINPID\n")
    operations = common_operations("h2o") | {"upgrade": "systemctl reload h2o"}
    return Service("h2o", unit, operations, "h2o.conf", settings)


def caddy() -> Service:
    settings = ("{\n admin unix//run/caddy-admin.sock\n auto_https off\n}\n"
                f"http://127.0.0.1:{PORT} {{\n root * {INSIDE}/site\n file_server\n}}\n")
    program = "/usr/bin/caddy"
    unit = (f"{UNIT}[Service]\nType=notify\nRestart=on-failure\nRestartSec=200ms\n"
            "Environment=HOME=/run XDG_DATA_HOME=/run XDG_CONFIG_HOME=/run\n"
            f"ExecStart={program} run --adapter caddyfile --config {INSIDE}/Caddyfile\n"
            f"ExecReload={program} reload --force --adapter caddyfile --address "
            f"unix//run/caddy-admin.sock --config {INSIDE}/Caddyfile\n")
    return Service("caddy", unit, common_operations("caddy"), "Caddyfile", settings)


def services(project: Path) -> list[Service]:
    """Those that are there."""
    peers = [service for service in (nginx(), h2o(), caddy()) if shutil.which(service.name)]
    return [torc(project), *peers]
