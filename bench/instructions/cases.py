"""What is asked for, and what must come back."""

from __future__ import annotations

from dataclasses import dataclass

FILE_NAME = "page.html"
FILE_BYTES = 1024

# As Firefox sends it when a bookmark is followed, with the field that nginx sends on to upstreams:
# 12 fields, about 600 bytes.
BROWSER_FIELDS = (
    "Host: www.example.com",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/png,image/svg+xml,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7,de-DE;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: https://www.example.com/documentation/reference/",
    "Connection: keep-alive",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-User: ?1",
)
HOST_FIELD = BROWSER_FIELDS[:1]


@dataclass(frozen=True)
class Case:
    title: str
    method: str = "GET"
    fields: tuple[str, ...] = BROWSER_FIELDS
    # Whether the file's entity tag goes along, as If-None-Match.
    revalidates: bool = False
    # Requests sent at once, before the first answer is read.
    pipelined: int = 1
    # That ask at the same time.
    connections: int = 1

    @property
    def requests_at_once(self) -> int:
        return self.pipelined * self.connections

    @property
    def status(self) -> int:
        return 304 if self.revalidates else 200

    @property
    def body_bytes(self) -> int:
        return FILE_BYTES if self.status == 200 and self.method == "GET" else 0

    def head(self, etag: str) -> bytes:
        validator = (f"If-None-Match: {etag}",) if self.revalidates else ()
        lines = (f"{self.method} /{FILE_NAME} HTTP/1.1", *self.fields, *validator, "", "")
        return "\r\n".join(lines).encode()


BROWSER = Case("GET, a browser's head, 64 connections", connections=64)
CASES = (
    Case("GET, Host alone", fields=HOST_FIELD),
    Case("GET, a browser's head"),
    BROWSER,
    Case("304 by If-None-Match, a browser's head", revalidates=True),
    Case("HEAD, a browser's head", method="HEAD"),
    Case("GET, a browser's head, 16 pipelined", pipelined=16),
    Case("GET, Host alone, 16 pipelined", fields=HOST_FIELD, pipelined=16),
)
