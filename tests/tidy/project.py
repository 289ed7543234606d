"""The files of the project, and what a check says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Of the program, of its tests and benchmarks, and of what is run by hand.
FOLDERS = (".ci", "bench", "config", "docs", "include", "scripts", "src", "tests")
CODE = (".cpp", ".hpp")


@dataclass(frozen=True)
class Finding:
    """One place that breaks a promise of the project's.

    `figure`: how far, for the list of exceptions: lines of a file or function, or 1 for each place.
    `name`: of the function, where the exception is one function's and not the whole file's.
    """

    rule: str
    path: str
    line: int
    what: str
    remedy: str
    figure: int = 1
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.path}:{self.name}" if self.name else self.path

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}; {self.remedy} [{self.rule}]"


@dataclass(frozen=True)
class File:
    """A text file; `path` is from the project's own directory, with slashes."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    def is_code(self) -> bool:
        return self.suffix in CODE

    def is_python(self) -> bool:
        return self.suffix == ".py" or self.text.startswith("#!/usr/bin/env python3")

    def is_shell(self) -> bool:
        return self.suffix == ".sh" or self.text.startswith(("#!/usr/bin/env bash", "#!/bin/sh"))


class Project:
    """All files, read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, File] = {}
        paths = [path for path in root.iterdir() if path.is_file()]
        for folder in FOLDERS:
            paths += (root / folder).rglob("*")
        for path in sorted(paths):
            if path.is_file() and "__pycache__" not in path.parts:
                self._read(path)

    def _read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return  # A fuzz corpus, a picture.
        name = path.relative_to(self.root).as_posix()
        self.files[name] = File(name, text)

    def under(self, *folders: str) -> list[File]:
        """Those in any of the folders, each given with its slash, in the order of their names."""
        return [file for path, file in self.files.items() if path.startswith(folders)]

    def text(self, path: str) -> str:
        """Empty where there is no such file."""
        return self.files[path].text if path in self.files else ""
