"""Child processes that are restarted when they crash and never outlive their parent."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger("contrail.supervisor")

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
STEADY_SECONDS = 20.0
LONGEST_PAUSE_SECONDS = 10.0

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None, how: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel (Linux) for a signal when the parent dies.

    The parent may have died before we could ask; then its number has changed already.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(how))
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def name_process(name: str) -> None:
    """Call this process something in the system's list (Linux)."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode()[:15])


def die_with_spawning_parent() -> None:
    """The same, for a process that another library spawned (the web server's workers)."""
    spawner = multiprocessing.parent_process()
    if spawner is not None:
        die_with_parent(spawner.pid)


def tied_to(parent: int) -> Callable[[], None]:
    """What a child started by `subprocess` does before it becomes its program."""
    return lambda: die_with_parent(parent)


class Stop:
    """Notices SIGTERM, SIGINT and SIGHUP, and wakes who waits. Make it in the main thread.

    A pipe, not an Event: a handler that sets an Event can meet its own thread holding the lock.
    """

    def __init__(self) -> None:
        self.times = 0
        self._woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
                signal.signal(number, self._count)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to be woken

    def _count(self, _number: int, _frame: object) -> None:
        self.times += 1

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than until the next signal."""
        if select.select([self._woken], [], [], seconds)[0]:
            os.read(self._woken, 4096)


@dataclass
class Child:
    """A part to keep running: a program, or a function that runs in a fork of this process.

    Forks of a process that has loaded the site start at once and share its memory.
    """

    name: str
    program: Sequence[str] | Callable[[], None]
    environ: Mapping[str, str] | None = None
    stays_last: bool = False  # ended only after the others, who may still need it
    pid: int | None = None
    status: int | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    crashes: int = 0

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C then reaches the supervisor alone, which ends the others in order."""
        self.started_at, self.status = time.monotonic(), None
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(parent)

    def _become(self, parent: int) -> None:
        try:
            os.setsid()
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            if not callable(self.program):
                os.execvpe(self.program[0], list(self.program), self.environ or os.environ)  # noqa: S606  no shell wanted
            random.seed()
            name_process(self.name)
            self.program()
            os._exit(0)
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        except BaseException:
            log.exception("child failed", child=self.name)
            os._exit(1)

    @property
    def is_running(self) -> bool:
        """Whether it runs; its end is noticed (and the kernel told so) here."""
        if self.pid is not None and self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if ended else None
        return self.pid is not None and self.status is None

    def note_crash(self) -> float:
        """Plan the next start; returns the pause in seconds."""
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.crashes = 1 if steady else self.crashes + 1
        pause = 0.0 if self.crashes == 1 else min(LONGEST_PAUSE_SECONDS, 0.25 * 2**self.crashes)
        self.start_after, self.pid = time.monotonic() + pause, None
        return pause

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it runs."""
        if self.is_running and self.pid is not None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and whatever it started in its process group."""
        if self.pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        while self.is_running:
            time.sleep(0.01)


class Supervisor:
    """Keeps its children running until it is told to stop, then ends them all."""

    def __init__(self, children: Sequence[Child], *, grace: float = 8.0) -> None:
        self.children, self.grace, self.stop = list(children), grace, Stop()

    def run(self, once_started: Callable[[], None] | None = None) -> None:
        """Start everything and stay until told to stop. Call it from the main thread."""
        try:
            self._start_due()
            if once_started:
                once_started()
            while not self.stop.times:
                self.stop.wait(self._until_next_start())
                self._mourn()
        finally:
            self._end_all()

    def _until_next_start(self) -> float:
        due = [child.start_after for child in self.children if child.pid is None]
        return max(0.01, min(due) - time.monotonic()) if due else 1.0

    def _start_due(self) -> None:
        for child in self.children:
            if child.pid is None and time.monotonic() >= child.start_after:
                child.start()
                log.info("child started", child=child.name, pid=child.pid)

    def _mourn(self) -> None:
        if self.stop.times:
            return
        for child in self.children:
            if child.pid is not None and not child.is_running:
                status = child.status
                child.kill()  # what it started may still be there
                log.warning("child ended", child=child.name, status=status, again_in=child.note_crash())
        self._start_due()

    def _end_all(self) -> None:
        for stays_last in (False, True):
            group = [child for child in self.children if child.stays_last is stays_last]
            for child in group:
                child.send(signal.SIGTERM)
            self._await(group)
            for child in group:
                child.kill()

    def _await(self, group: Sequence[Child]) -> None:
        deadline = time.monotonic() + self.grace
        # A second Ctrl-C: at once.
        while any(child.is_running for child in group) and time.monotonic() < deadline and self.stop.times < 2:
            self.stop.wait(0.1)
