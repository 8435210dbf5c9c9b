"""The embedded Redis: where its binary and socket are, and how exactly one runs for an instance.

`python -m app.redis_server` waits for the instance's lock and then becomes the Redis server. The
lock is inherited, so it is held exactly as long as that server lives: two sites started on one
instance share one Redis, and when its owner dies the other's takes over with the same data.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import config

if TYPE_CHECKING:
    from redis import Redis

LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes
PROGRAMS = ("redis-server", "valkey-server")


def find_binary() -> Path | None:
    """A Redis or Valkey on the PATH, else the one that came with a package of ours, else nothing."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return Path(found)
    packaged = Path(sys.executable).parent / "redis-server"
    return packaged if os.access(packaged, os.X_OK) else None


def address(settings: config.Settings) -> str:
    """Where this installation's Redis is, whether or not it runs just now."""
    return settings.redis_url or f"unix://{socket_path(settings.instance_dir)}"


def connect(url: str, *, timeout: float = 2.0) -> Redis:
    """A client that gives up after `timeout` seconds and never tries twice by itself."""
    # Loaded here: the process that becomes Redis needs none of it.
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Protocol 2 and no library name: the first command is the first thing sent, so a Redis that hangs costs one time-out.
    return Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0), protocol=2, driver_info=None,
    )  # fmt: skip


def answers(url: str, *, within: float = 0.0) -> bool:
    """Whether a Redis answers there, asked again until `within` seconds have passed."""
    from redis.exceptions import RedisError

    deadline = time.monotonic() + within
    while True:
        try:
            with connect(url, timeout=1.0) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)


def socket_path(instance_dir: Path) -> Path:
    """The socket, in a folder only we may enter; in the temp dir when the path would be too long."""
    path = instance_dir / "redis" / "redis.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(instance_dir)).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"contrail-{os.getuid()}-{name}" / "redis.sock"
    return path


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = folder.lstat()
    if not stat.S_ISDIR(owner.st_mode) or owner.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else; remove it or choose another INSTANCE_DIR")
    folder.chmod(0o700)
    return folder


def arguments(binary: Path, instance_dir: Path) -> list[str]:
    """The command line: a private socket, every write in the append-only file, nothing ever evicted."""
    return [
        str(binary), "--port", "0", "--unixsocket", str(socket_path(instance_dir)), "--unixsocketperm", "700",
        "--dir", str(instance_dir / "redis"), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning",
        "--stop-writes-on-bgsave-error", "no",
    ]  # fmt: skip


def become(instance_dir: Path) -> None:
    """Turn this process into the instance's Redis, as soon as no other is."""
    binary = find_binary()
    if binary is None:
        raise FileNotFoundError("no redis-server")
    folder = _private(instance_dir / "redis")
    _private(socket_path(instance_dir).parent)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock, True)
    command = arguments(binary, instance_dir)
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    become(config.read_or_exit().instance_dir)
