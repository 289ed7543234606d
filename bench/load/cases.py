"""What is asked of every server."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True)
class Case:
    """One load: every connection asks for the same file again and again."""

    name: str
    title: str
    body_bytes: int
    pipeline: int = 1
    close: bool = False

    @property
    def file_name(self) -> str:
        return f"{self.body_bytes}.bin"


CASES = (
    Case("1k", "1 KiB", 1 * KIB),
    Case("10k", "10 KiB", 10 * KIB),
    Case("100k", "100 KiB", 100 * KIB),
    Case("1m", "1 MiB", 1024 * KIB),
    Case("pipelined16", "1 KiB, pipelined ×16", 1 * KIB, pipeline=16),
    Case("close", "1 KiB, Connection: close", 1 * KIB, close=True),
)
SMALLEST = CASES[0]
