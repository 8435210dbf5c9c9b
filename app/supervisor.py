"""Child processes that are restarted when they crash and never outlive their parent."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger("contrail.supervisor")

PR_SET_PDEATHSIG = 1
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


def die_with_spawning_parent() -> None:
    """The same, for a process that another library spawned (the web server's workers)."""
    spawner = multiprocessing.parent_process()
    if spawner is not None:
        die_with_parent(spawner.pid)


def tied_to(parent: int) -> Callable[[], None]:
    """What a forked child does before it becomes its program."""

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        die_with_parent(parent)

    return tie


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
    """A program to keep running."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] | None = None
    stays_last: bool = False  # ended only after the others, who may still need it
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_after: float = 0.0
    crashes: int = field(default=0)

    def start(self) -> None:
        self.started_at = time.monotonic()
        # Its own session: Ctrl-C reaches the supervisor alone, which then ends the others in order.
        self.process = subprocess.Popen(
            list(self.command),
            env=self.environ,
            start_new_session=True,
            preexec_fn=tied_to(os.getpid()),
            stdin=subprocess.DEVNULL,
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_crash(self) -> float:
        """Plan the next start; returns the pause in seconds."""
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.crashes = 1 if steady else self.crashes + 1
        pause = 0.0 if self.crashes == 1 else min(LONGEST_PAUSE_SECONDS, 0.25 * 2**self.crashes)
        self.start_after, self.process = time.monotonic() + pause, None
        return pause

    def send(self, number: signal.Signals) -> None:
        if self.is_running and self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End the child and whatever it started in its process group."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


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
        due = [child.start_after for child in self.children if child.process is None]
        return max(0.01, min(due) - time.monotonic()) if due else 1.0

    def _start_due(self) -> None:
        for child in self.children:
            if child.process is None and time.monotonic() >= child.start_after:
                child.start()
                log.info("child started", child=child.name, pid=child.process and child.process.pid)

    def _mourn(self) -> None:
        if self.stop.times:
            return
        for child in self.children:
            if child.process is not None and not child.is_running:
                status = child.process.returncode
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
