"""Tests of the checks: what is broken is found, what is not broken is left alone."""

from __future__ import annotations

import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import exceptions  # noqa: E402
import habits  # noqa: E402
import layers  # noqa: E402
import picture  # noqa: E402
import rows  # noqa: E402
import sizes  # noqa: E402
from project import File, Finding, Project  # noqa: E402

# A house of three layers that keeps every promise.
PICTURE = """\
    main.cpp
        │
        ▼
    ┌────────┐
    │  site  │
    └─┬────┬─┘
      │    ▼
      │ ┌──────┐
      │ │ http │
      │ └──┬───┘
      └──┬─┘
         ▼
      ┌──────┐
      │ base │
      └──────┘
"""
CMAKE = """\
function(torc_layer layer)
endfunction()
torc_layer(
    base
    SOURCES errno.cpp)
torc_layer(
    http
    SOURCES date.cpp
    LINKS torc_base)
torc_layer(
    site
    SOURCES load.cpp
    LINKS torc_http torc_base
    PRIVATE_LINKS fmt::fmt)
add_executable(torc main.cpp)
target_link_libraries(torc PRIVATE torc_options torc_site fmt::fmt)
"""
TABLE = """\
### Where things are

| file | responsibility |
|---|---|
| `base/errno` | errors |
| `http/date` | dates |
| `site/load` (`…_steps`) | loads; `load_rules.hpp` has the rules |
"""
HOUSE = {
    "docs/architecture.md": f"## The layers\n\n```\n{PICTURE}```\n\n{TABLE}",
    "src/CMakeLists.txt": CMAKE,
    "src/base/errno.cpp": "#include <torc/base/errno.hpp>\n",
    "include/torc/base/errno.hpp": "",
    "src/http/date.cpp": "#include <torc/base/errno.hpp>\n",
    "src/site/load.cpp": "#include <torc/http/date.hpp>\n",
    "src/site/load_steps.cpp": "",
    "src/site/load_rules.hpp": "",
    "tests/site/load_steps_test.cpp": "#include <torc/base/errno.hpp>\n",
}


class TidyTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="torc-tidy-")
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def project(self, changed: dict[str, str] | None = None) -> Project:
        """The house, with other contents for some of its files."""
        for path, text in (HOUSE | (changed or {})).items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return Project(self.root)

    def assert_found(self, findings: list[Finding], *wanted: tuple[str, int, str]) -> None:
        """Each is a path, a line and a part of what is said."""
        self.assertEqual([(f.path, f.line) for f in findings], [(path, line) for path, line, _ in wanted])
        for finding, (_, _, part) in zip(findings, wanted, strict=True):
            self.assertIn(part, str(finding))


class Layers(TidyTest):
    def test_a_picture_is_read(self) -> None:
        self.assertEqual(
            picture.arrows_of(PICTURE.splitlines()),
            {"main": {"site"}, "site": {"http", "base"}, "http": {"base"}, "base": set()},
        )

    def test_a_good_house_has_no_findings(self) -> None:
        project = self.project()
        self.assertEqual(list(layers.check_picture(project)), [])
        self.assertEqual(list(layers.check_includes(project)), [])

    def test_an_arrow_that_is_not_drawn_is_found(self) -> None:
        cmake = CMAKE.replace("torc_options torc_site", "torc_site torc_http")
        self.assert_found(
            list(layers.check_picture(self.project({"src/CMakeLists.txt": cmake}))),
            ("docs/architecture.md", 1, "main links http, and the picture"),
        )

    def test_an_arrow_that_is_not_linked_is_found(self) -> None:
        cmake = CMAKE.replace("LINKS torc_http torc_base", "LINKS torc_http")
        self.assert_found(
            list(layers.check_picture(self.project({"src/CMakeLists.txt": cmake}))),
            ("docs/architecture.md", 1, "from site to base"),
        )

    def test_an_include_against_the_arrows_is_found(self) -> None:
        upward = "\n#include <torc/site/load.hpp>\n"
        project = self.project({"src/http/date.cpp": upward, "tests/http/date_test.cpp": upward})
        self.assert_found(
            list(layers.check_includes(project)),
            ("src/http/date.cpp", 2, "http includes torc/site/load.hpp"),
            ("tests/http/date_test.cpp", 2, "http includes torc/site/load.hpp"),
        )

    def test_a_library_elsewhere_is_found(self) -> None:
        include = "#include <liburing.h>\n"
        project = self.project({"src/site/load.cpp": include, "src/io/ring.cpp": include})
        self.assert_found(list(layers.check_includes(project)), ("src/site/load.cpp", 1, "liburing.h"))


class Rows(TidyTest):
    def test_a_good_table_has_no_findings(self) -> None:
        project = self.project()
        self.assertEqual(list(rows.check_rows(project)), [])
        self.assertEqual(list(rows.check_tests(project)), [])

    def test_a_file_without_a_row_and_a_row_without_a_file_are_found(self) -> None:
        document = HOUSE["docs/architecture.md"].replace("`http/date`", "`http/dates`")
        project = self.project({"docs/architecture.md": document})
        line = 1 + document[: document.find("`http/dates`")].count("\n")
        self.assert_found(
            list(rows.check_rows(project)),
            ("docs/architecture.md", line, "the row names http/dates"),
            ("src/http/date.cpp", 1, "http/date has no row"),
        )

    def test_a_test_of_nothing_and_one_elsewhere_are_found(self) -> None:
        project = self.project({"tests/site/lode_test.cpp": "", "tests/site/deep/load_test.cpp": ""})
        self.assert_found(
            list(rows.check_tests(project)),
            ("tests/site/deep/load_test.cpp", 1, "move it to tests/site"),
            ("tests/site/lode_test.cpp", 1, "no file of site is called lode"),
        )


class Sizes(TidyTest):
    def test_functions_are_measured(self) -> None:
        code = textwrap.dedent("""\
            namespace torc {

            constexpr std::array names = {
                Name{.text = "a", .set = [](Load& load) {
                    load.run();
                }},
            };

            class Load {
            public:
                explicit Load(int size)
                    : member_{
                          size} {
                    begin();
                }

                [[nodiscard]] bool is_over() const noexcept { return true; }
            };

            Result<int> Load::run(int first,
                                  int second) {
                if (first) {
                    return 1;
                }
                const auto step = [&] {
                    return 2;
                };
                return step();
            }

            TEST_F(LoadTest, Runs) {
            }

            }  // namespace torc
            """)
        self.assertEqual(
            list(sizes.functions_of(File("src/load.cpp", code))),
            [("Load", 11, 5), ("Load::run", 20, 10), ("LoadTest.Runs", 31, 2)],
        )

    def test_what_is_too_long_is_found(self) -> None:
        code = "void run() {\n" + "    step();\n" * 69 + "}\n"
        script = "def run():\n" + "    step()\n" * 70
        project = self.project(
            {"src/http/date.cpp": code, "scripts/x.py": script, "src/site/load.cpp": "\n" * 401}
        )
        self.assert_found(
            list(sizes.check_functions(project)),
            ("scripts/x.py", 1, "run has 71 lines"),
            ("src/http/date.cpp", 1, "run has 71 lines"),
        )
        self.assert_found(list(sizes.check_files(project)), ("src/site/load.cpp", 401, "401 lines"))


class Habits(TidyTest):
    def test_a_note_for_later_is_found(self) -> None:
        project = self.project({"src/http/date.cpp": "\n// TO" "DO: leap seconds\n"})
        self.assert_found(list(habits.check_notes(project)), ("src/http/date.cpp", 2, "promise to nobody"))

    def test_bool_parameters_are_found(self) -> None:
        code = "void f(int a,\n       bool is_last);\n// g(bool b)\nbool is_on();\nbool on = h(bool(x));\n"
        code += "const auto set = [this](int a, bool is_on) {};\n"
        project = self.project({"include/torc/base/errno.hpp": code})
        self.assert_found(
            list(habits.check_bool_parameters(project)),
            ("include/torc/base/errno.hpp", 2, "is_last is a bool"),
        )

    def test_a_sleep_in_a_test_is_found(self) -> None:
        project = self.project({"tests/site/load_test.cpp": "std::this_thread::sleep_for(1s);\n"})
        self.assert_found(list(habits.check_sleeps(project)), ("tests/site/load_test.cpp", 1, "sleep_for"))

    def test_a_limit_without_a_unit_is_found(self) -> None:
        code = "inline constexpr int head_bytes_max = 1;\ninline constexpr int head_max = 1;\n"
        project = self.project({habits.LIMITS: code})
        self.assert_found(list(habits.check_limits(project)), (habits.LIMITS, 2, "head_max has no unit"))

    def test_an_option_that_nobody_tells_or_tests_is_found(self) -> None:
        project = self.project(
            {
                "README.md": "`--port`, `--spare-part`",
                "tests/integration/start_test.cpp": '"-p" "--spare"',
            }
        )
        self.assert_found(
            list(habits.check_options(project, "  -p, --port PORT\n  --spare X")),
            ("README.md", 1, "--spare is in --help and in no document"),
        )
        self.assert_found(
            list(habits.check_options(project, "--spare-part")),
            ("tests/integration", 1, "--spare-part is in"),
        )


class Exceptions(TidyTest):
    found = [Finding("sleep", "a.cpp", 1, "sleeps", "wait"), Finding("sleep", "a.cpp", 2, "sleeps", "wait")]

    def test_an_exception_covers_as_much_as_it_says(self) -> None:
        self.assertEqual(exceptions.apply(self.found, "# why\nsleep 2 a.cpp\n"), [])
        self.assertEqual(exceptions.apply(self.found, "sleep 1 a.cpp\n"), self.found)
        self.assertEqual(exceptions.apply(self.found, "note 2 a.cpp\n")[:2], self.found)

    def test_a_figure_must_go_down_with_what_it_counts(self) -> None:
        left = exceptions.apply(self.found, "\nsleep 3 a.cpp\nsleep 1 b.cpp\n")
        self.assert_found(
            left,
            (exceptions.LIST, 2, "is 2 by now, not 3"),
            (exceptions.LIST, 3, "is within the rule by now"),
        )
        self.assertEqual(
            exceptions.lower(self.found, "# why\nsleep 3 a.cpp\nsleep 1 b.cpp\n"), "# why\nsleep 2 a.cpp\n"
        )


if __name__ == "__main__":
    unittest.main()
