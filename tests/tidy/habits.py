"""What is not written here: notes for later, bool parameters, sleeps in tests, limits without units."""

from __future__ import annotations

import re
from collections.abc import Iterator

from project import File, Finding, Project

LIMITS = "include/torc/base/limits.hpp"

# Split, lest this file be found.
NOTE = re.compile(r"\b(FIX" r"ME|TO" r"DO|X" r"XX)\b(?!\w*[\"'])")
BOOL_PARAMETER = re.compile(r"[(,]\s*(?:const\s+)?bool\s+(\w+)\s*(?=[,)=])")
# What a lambda is called with stands a few lines from where it says what that means.
LAMBDA = re.compile(r"\[[^\[\]]*\]\s*\([^()]*\)")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\(")
LIMIT = re.compile(r"^inline constexpr (.+) (\w+) =", re.MULTILINE)

# Of what a limit may be so many: bytes, a time, or things that are counted.
UNITS = {
    "bytes", "ms", "seconds",
    "calls", "completions", "connections", "digests", "directories", "entries", "fields", "batches",
    "pieces", "ranges", "shutdowns", "threads",
    "buffers", "descriptors", "files", "lines", "listings", "redirects", "requests", "responses",
    "rules", "segments", "sites", "tokens", "workers",
}  # fmt: skip


def blanked(text: str) -> str:
    """The same with spaces for comments and strings, line by line."""
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def check_notes(project: Project) -> Iterator[Finding]:
    for file in project.files.values():
        if file.path.startswith("tests/fuzz/corpus/"):
            continue
        for number, text in enumerate(file.lines, start=1):
            match = NOTE.search(text)
            if match:
                yield Finding(
                    "note", file.path, number, f"{match[1]} is a promise to nobody",
                    "do it now, or file an issue, or say as a fact what is not done",
                )


def check_bool_parameters(project: Project) -> Iterator[Finding]:
    for file in project.under("include/", "src/"):
        if not file.is_code():
            continue
        code = LAMBDA.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), blanked(file.text))
        for match in BOOL_PARAMETER.finditer(code):
            yield Finding(
                "bool-parameter", file.path, line_of(code, match.start(1)),
                f"{match[1]} is a bool, and the call will not say what true means",
                "make it an enum class of two, or two functions",
            )


def check_sleeps(project: Project) -> Iterator[Finding]:
    for file in project.under("tests/"):
        if not file.is_code():
            continue
        code = blanked(file.text)
        for match in SLEEP.finditer(code):
            yield Finding(
                "sleep", file.path, line_of(code, match.start(1)),
                f"the test calls {match[1]}, which is too short on a slow machine and too long on others",
                "wait for what is to happen, with a deadline",
            )


def check_limits(project: Project) -> Iterator[Finding]:
    text = project.text(LIMITS)
    for match in LIMIT.finditer(text):
        if "chrono" not in match[1] and not UNITS & set(match[2].split("_")):
            yield Finding(
                "limit-unit", LIMITS, line_of(text, match.start(2)), f"{match[2]} has no unit in its name",
                "name what is counted, in the plural; a new noun goes into UNITS of tests/tidy/habits.py",
            )


def is_said(option: str, short: str, files: list[File]) -> bool:
    """Whether some file has the option, its short name (in quotes) or its variable."""
    variable = "TORC_" + option.removeprefix("--").upper().replace("-", "_")
    pattern = re.compile(rf"(?<![\w-]){re.escape(option)}(?![\w-])|\b{variable}\b|\"{short or option}\"")
    return any(pattern.search(file.text) for file in files)


def check_options(project: Project, help_text: str) -> Iterator[Finding]:
    """Each option of --help is described in README.md or docs/, and a test uses it."""
    documents = [file for file in project.files.values() if file.suffix == ".md"]
    documents = [file for file in documents if file.path.startswith(("README", "docs/"))]
    tests = [file for file in project.under("tests/") if file.is_code()]
    short = {long: name for name, long in re.findall(r"(-\w), (--[\w-]+)", help_text)}
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", help_text))):
        if not is_said(option, "", documents):
            yield Finding(
                "option", "README.md", 1, f"{option} is in --help and in no document",
                'add its row to the table under "Use"',
            )
        if not is_said(option, short.get(option, ""), tests):
            yield Finding(
                "option", "tests/integration", 1, f"{option} is in --help and in no test",
                "state in a test what it does, or take it out",
            )
