"""What is measured: many sites, and two configurations to go to and fro between."""

from __future__ import annotations

from pathlib import Path

HEAD = 'version = 1\n[server]\nlisten = ["127.0.0.1"]\nport = {port}\n{more}'
SITE = '[[site]]\nhosts = ["{host}"]\nroot = "{root}"\n'
RULE = '[[site.rule]]\nmatch = "/{segment}/*.css"\nset = {{ "X-Rule" = "{value}" }}\n'

# Of the password "pw", by htpasswd -B with little cost.
USER = "{name}:$2y$05$K7EzL53Nc3G3dW3usqTgjuckGnxPrcdG1fS2W9.QrbaKGG/luodZy\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class ManySites:
    """Each with a root and rules of its own."""

    def __init__(self, directory: Path, sites: int, rules: int) -> None:
        self._directory = directory
        self._sites = sites
        self._rules = rules
        for site in range(sites):
            write(self._root(site) / "index.html", str(site))

    def _root(self, site: int) -> Path:
        return self._directory / f"s{site}"

    def host(self, site: int) -> str:
        return f"s{site}.example"

    def text(self, more: str, port: int, changed: range, value: str) -> str:
        """`changed`: the sites whose first rule says `value`."""
        parts = [HEAD.format(port=port, more=more)]
        for site in range(self._sites):
            parts.append(SITE.format(host=self.host(site), root=self._root(site)))
            for rule in range(self._rules):
                is_changed = rule == 0 and site in changed
                parts.append(
                    RULE.format(segment=f"p{rule}", value=value if is_changed else rule)
                )
        return "".join(parts)


class TwoConfigurations:
    """They differ in sites, areas, rules, redirects and users."""

    HOSTS = ("same.example", "changed.example", "first.example", "second.example")

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for name in ("a", "b", "c", "inner"):
            write(directory / name / "index.html", name)
            for page in range(20):
                write(directory / name / f"page{page}.html", name * 100)

    def text(self, more: str, port: int, number: int) -> str:
        root = self._directory
        users = root / "users"
        write(users, USER.format(name="ann" if number == 0 else "bob"))
        return "".join(
            (
                HEAD.format(port=port, more=more),
                SITE.format(host="same.example", root=root / "a"),
                RULE.format(segment="p", value="same"),
                SITE.format(host="changed.example", root=root / "b"),
                RULE.format(segment="p", value=number),
                f'[[site.redirect]]\nfrom = "/old/*"\nto = "/new{number}/:splat"\n',
                f'[[site.area]]\npath = "/inner/"\nroot = "{root / "inner"}"\n'
                f"listing = {'true' if number == 0 else 'false'}\n",
                '[[site.area]]\npath = "/closed/"\n'
                f'auth = {{ realm = "closed", users_file = "{users}" }}\n',
                SITE.format(host=self.HOSTS[2 + number], root=root / "c"),
            )
        )
