"""How long files and functions are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from project import File, Finding, Project

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70

# What begins a block that is no function.
NO_FUNCTION = re.compile(
    r"(inline )?(namespace|class|struct|union|enum|extern|template <[^>]*> (class|struct))\b"
    r"|(if|for|while|switch|do|else|try|catch)\b|[})\]]"
)
# A member's initialiser (`name_{`) goes on.
END_OF_STATEMENT = re.compile(r"([;}:>]|(^|\s)\{)$")


def check_files(project: Project) -> Iterator[Finding]:
    for file in project.under("bench/", "include/", "scripts/", "src/", "tests/", ".ci/"):
        length = len(file.lines)
        if (file.is_code() or file.is_python() or file.is_shell()) and length > FILE_LINES_MAX:
            yield Finding(
                "file-length", file.path, length, f"{length} lines, and {FILE_LINES_MAX} are the most",
                "move a part that has a name of its own to a file of that name", length,
            )


def statement_start(lines: list[str], end: int) -> int:
    """The index of the first line of the statement whose last line is at `end`."""
    start = end
    while start > 0:
        above = lines[start - 1].strip()
        if not above or above.startswith(("//", "#")) or END_OF_STATEMENT.search(above):
            break
        start -= 1
    return start


def functions_of(file: File) -> Iterator[tuple[str, int, int]]:
    """The name, first line and length of each function of C++, by the layout that clang-format gives:
    its last line is a brace as far in as its first. Lambdas belong to the function around them."""
    lines = file.lines
    number = 0
    while number < len(lines):
        text = lines[number]
        number += 1
        if not text.endswith(" {") or text.endswith("= {") or text.lstrip().startswith("//"):
            continue
        start = statement_start(lines, number - 1)
        statement = " ".join(line.strip() for line in lines[start:number])
        head, parenthesis, _ = statement.partition("(")
        # A brace before it belongs to the initialiser of a table.
        if not parenthesis or "{" in head or NO_FUNCTION.match(statement):
            continue
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        end = number
        while end < len(lines) and not re.match(rf"{indent}\}}(?!\w)", lines[end]):
            end += 1
        yield name_of(statement), start + 1, end - start + 1
        number = end + 1


def name_of(statement: str) -> str:
    """"Worker::run" of a function's head, "Suite.Name" of a test's."""
    test = re.match(r"(?:TYPED_)?TEST(?:_[FP])?\((\w+), (\w+)\)", statement)
    if test:
        return f"{test[1]}.{test[2]}"
    # What stands before the first parenthesis; a lambda has the name of the variable that holds it.
    names = re.findall(r"[\w:~]+", statement.split("(")[0].split(" = ")[0])
    return names[-1] if names else statement


def python_functions_of(file: File) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def check_functions(project: Project) -> Iterator[Finding]:
    for file in project.under("bench/", "include/", "scripts/", "src/", "tests/"):
        if file.is_code():
            functions = functions_of(file)
        elif file.is_python():
            functions = python_functions_of(file)
        else:
            continue
        for name, line, length in functions:
            if length > FUNCTION_LINES_MAX:
                yield Finding(
                    "function-length", file.path, line,
                    f"{name} has {length} lines, and {FUNCTION_LINES_MAX} are the most",
                    "give its parts names", length, name,
                )
