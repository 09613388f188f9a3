"""Running the peers, and what a run costs."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder():
    """A project's folder, where TMPDIR says; a memory file system flatters whoever makes its steps durable."""
    with tempfile.TemporaryDirectory(prefix="bench-") as path:
        yield Path(path)


def once(argv: list[str], where: Path, codes=(0,), stdout=subprocess.PIPE) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    done = subprocess.run(argv, cwd=where, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT, text=True)
    took = time.perf_counter() - start
    if done.returncode not in codes:
        sys.exit(f"bench: `{' '.join(argv)}` ended with {done.returncode}:\n{(done.stdout or '')[-2000:]}")
    return took


def contest(peers: dict, rounds: int, prepare) -> dict[str, float]:
    """Medians in seconds. The peers take turns, so that what else the machine does falls on all of them; the first turn
    only warms the caches. `prepare` readies a folder for a turn. A peer is a command, or a function of the folder that
    gives seconds."""
    times: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(rounds + 1):
        for name, peer in peers.items():
            with folder() as where:
                prepare(where)
                took = peer(where) if callable(peer) else once(peer, where)
            if turn > 0:
                times[name].append(took)
    return {name: statistics.median(taken) for name, taken in times.items()}


def lone(peers: dict, rounds: int) -> dict[str, float]:
    return contest(peers, rounds, lambda where: None)


def cost(argv: list[str], where: Path) -> tuple[float, float]:
    """Seconds of wall time, and the most memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(argv, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: `{' '.join(argv)}` ended with {process.returncode}")
    return took, usage.ru_maxrss * 1024


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those; the keeper is a child of the engine."""
    found, open_ = [], [pid]
    while open_:
        at = open_.pop()
        for path in Path(f"/proc/{at}/task").glob("*/children"):
            try:
                children = [int(child) for child in path.read_text().split()]
            except OSError:
                continue
            found += children
            open_ += children
    return found


def peak(pid: int) -> int:
    """The most memory that a process held so far, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def busy(pid: int) -> float:
    """Seconds of processor time that a process took so far, its threads' included."""
    fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    total = int(fields[0])
    for thread in Path(f"/proc/{pid}/task").iterdir():
        if thread.name != str(pid):
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def keeper_of(pid: int) -> int:
    """The keeper of an engine, once there is one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in descendants(pid):
            try:
                if b"__keeper" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return child
            except OSError:
                pass
        time.sleep(0.01)
    sys.exit("bench: the run has no keeper")
