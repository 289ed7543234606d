"""Where a server's access log goes, and how many lines came there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cases import Case

PIECE_BYTES = 1 << 20


class LogSink:
    """Takes the lines of one server."""

    # A descriptor for its standard output; None where the log does not go there.
    standard_output: int | None = None

    def lines(self) -> int:
        """To be asked when the server has ended: then its log is whole."""
        return 0


class FileSink(LogSink):
    def __init__(self, path: Path, standard_output: int | None) -> None:
        self._path = path
        self.standard_output = standard_output

    def lines(self) -> int:
        with self._path.open("rb") as log:
            return sum(piece.count(b"\n") for piece in iter(lambda: log.read(PIECE_BYTES), b""))


class PipeSink(LogSink):
    """A reader that keeps up, as `torc --access-log - | some-program` has it."""

    def __init__(self, reading_end: int, writing_end: int) -> None:
        self.standard_output = writing_end
        self._reading_end = reading_end
        self._lines = 0
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def lines(self) -> int:
        self.close()
        return self._lines

    def close(self) -> None:
        """The reader's end comes when the server's has come."""
        if self.standard_output is not None:
            os.close(self.standard_output)
            self.standard_output = None
            self._thread.join()
            os.close(self._reading_end)

    def _read(self) -> None:
        while piece := os.read(self._reading_end, PIECE_BYTES):
            self._lines += piece.count(b"\n")


@contextmanager
def log_sink(case: Case, path: Path) -> Iterator[LogSink]:
    """`path`: of the file, for the cases that have one."""
    # A log of somebody else's: some servers give up root, and could not append to it.
    with suppress(FileNotFoundError):
        path.unlink()
    if case.log == "pipe":
        pipe = PipeSink(*os.pipe())
        try:
            yield pipe
        finally:
            pipe.close()
    elif case.log == "stdout":
        with path.open("wb") as output:
            yield FileSink(path, output.fileno())
    else:
        yield FileSink(path, None) if case.log else LogSink()
