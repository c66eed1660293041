"""One server as a child process: started so that it can't outlive us, watched while it comes up, stopped."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from storage.embedded.errors import EmbeddedServerError, explain_failure, unusable_directory

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
_POLL_SECONDS = 0.01
_LOG_TAIL_BYTES = 64 * 1024
_PR_SET_PDEATHSIG = 1
_PROC = Path("/proc")

# Loaded before any fork: a child between fork and exec must not import or open anything.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child:
    """A running server process with its log file.

    On Linux the kernel sends the server SIGTERM when the *thread* that started it ends, which covers a
    parent killed with SIGKILL. So start servers from a thread that lives as long as they should: the main
    thread, not one of a pool. Elsewhere the next start ends what a killed parent left behind.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int, data_path: Path) -> None:
        self.name = name
        self.port = port
        self.data_path = data_path
        self._process = process

    @classmethod
    def spawn(cls, binary: Path, arguments: Sequence[str], *, port: int, data_path: Path) -> "Child":
        """Start ``binary``; its output goes to ``server.log`` in ``data_path``, the last run's to ``.1``."""
        log = data_path / "server.log"
        try:
            if log.exists():
                log.replace(data_path / "server.log.1")
            output = log.open("wb")
        except OSError as error:
            raise unusable_directory(data_path, error) from error
        with output:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own binary and arguments, no shell
                    [str(binary), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # A session of its own, so that Ctrl-C in the terminal reaches us and not the server
                    # under our feet: we finish our work with it first and then stop it.
                    start_new_session=True,
                    preexec_fn=_die_with(os.getpid()) if _libc else None,  # noqa: PLW1509 - see _die_with
                )
            except OSError as error:
                raise EmbeddedServerError(
                    f"{binary} can't be run ({error.strerror}): install one that fits this machine, "
                    "or set MONGODB_URL and REDIS_URL to servers of your own"
                ) from error
        return cls(binary.name, process, port, data_path)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what the server has said since it was started."""
        with (self.data_path / "server.log").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            return file.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready`` answers True.

        Raises:
            EmbeddedServerError: the server died, or was not ready within START_TIMEOUT_SECONDS.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise self.failure()
            time.sleep(_POLL_SECONDS)

    def failure(self, complaint: str = "") -> EmbeddedServerError:
        """The error that says why this server is of no use: from ``complaint`` and from its log."""
        return explain_failure(self.name, f"{self.log}\n{complaint}", self._process.poll(), self.data_path)

    @contextmanager
    def stopped_on_error(self) -> Iterator[None]:
        """Stop the server where the block fails; an interrupt, too, must not leave it behind."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server with SIGTERM, and with SIGKILL when that took over STOP_TIMEOUT_SECONDS."""
        self.terminate()
        self.wait_for_exit()

    def terminate(self) -> None:
        """Send SIGTERM, if the server still runs; ``wait_for_exit`` waits for it."""
        self._process.terminate()  # does nothing to a process that has ended

    def wait_for_exit(self) -> None:
        """Wait for a server that was told to end; past STOP_TIMEOUT_SECONDS it is killed."""
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _die_with(parent_pid: int) -> Callable[[], None]:
    """A function for the child between fork and exec: ask the kernel to end it when its parent ends.

    It calls nothing but two system calls, since after a fork another thread's locks may stay locked forever.
    """

    def ask_kernel() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent_pid:  # the parent died before the kernel was asked
            os._exit(1)

    return ask_kernel


def answers(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def command_line(pid: int) -> str | None:
    """The command line of a process, None where there is none (any more)."""
    if _PROC.is_dir():
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(
                errors="replace"
            ) or None
        except OSError:
            return None
    shown = subprocess.run(  # noqa: S603 - a number is the only thing put in
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


def is_server(pid: int, name: str, port: int) -> bool:
    """Whether the process ``pid`` is (still) this server: process ids are given out again."""
    line = command_line(pid) or ""
    return name in line and str(port) in line


def end_leftover(pid: int, name: str, port: int) -> None:
    """End a server that a killed parent left behind, if ``pid`` is still its process."""
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while is_server(pid, name, port):
        try:
            os.kill(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(_POLL_SECONDS)
