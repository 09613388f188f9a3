"""Rows about many steps: planning them, running them, resuming behind them, and what they leave on the disk."""

import re
import subprocess
import time
from pathlib import Path

from generate import CLAIM, TRUE, write
from measure import cost, folder, once

MILLION = 1_000_000


def plan(b) -> dict:
    with folder() as where:
        write(where, 1, True, f"foreach: lists.range({b.scaled(MILLION)}), {CLAIM}")
        took, memory = cost([b.runner, "plan", "bench", "--output", "json"], where)
    return {"measure": f"plan of {b.scaled(MILLION):,} steps (foreach), peak memory", "target": "≤ 5 s, ≤ 1 GB",
            "got": f"{took:.1f} s, {memory / 1e9:.2f} GB", "holds": took <= 5 and memory <= 1e9,
            "unit": "s", "bars": {"runner plan": took}}


def each(count: int) -> str:
    return f"foreach: lists.range({count}), {TRUE}, interrupted: repeat"


def long(b) -> dict:
    few, many = 1000, b.scaled(100_000)
    times = {}
    for count in (few, many):
        with folder() as where:
            write(where, 1, True, each(count))
            times[count] = once([b.runner, "run", "bench"], where)
    ratio = (times[many] / many) / (times[few] / few)
    return {"measure": f"{many:,}-step run, cost per step", "target": "≤ 1.2 × that of the 1,000-step run",
            "got": f"{ratio:.2f} x", "holds": ratio <= 1.2, "unit": "ms a step",
            "bars": {f"{count:,} steps": 1000 * took / count for count, took in times.items()}}


def resume(b) -> dict:
    """All but one have finished; the last one failed, and says when it is started again."""
    many = b.scaled(100_000) - 1
    with folder() as where:
        write(where, 1, True, "uses: assert.that, with: {that: 1 == 1}")
        (where / "workflows" / "bench.yaml").write_text(
            f"name: bench\nsteps:\n  - {{id: many, foreach: lists.range({many}), {CLAIM}}}\n"
            "  - {id: last, uses: exec.run, with: {script: 'date +%s.%N > at; test -e go'}}\n")
        once([b.runner, "run", "bench", "--parallel", "512"], where, codes=(20,))
        (where / "go").touch()
        begun = time.time()
        once([b.runner, "resume"], where)
        took = float((where / "at").read_text()) - begun
    return {"measure": f"resume when {many:,} steps are finished, to the first new step", "target": "≤ 0.5 s",
            "got": f"{took:.2f} s", "holds": took <= 0.5, "unit": "s", "bars": {"runner resume": took}}


def disk(b) -> dict:
    """Bytes of the journal, and what is written for the checkpoint, as strace sees it."""
    steps = b.scaled(10_000)
    with folder() as where:
        write(where, steps, True)
        trace = ["strace", "-f", "-qq", "-y", "-e", "trace=pwrite64,write,pwritev,writev", "-e", "signal=none", "-o", "trace"]
        subprocess.run([*trace, b.runner, "run", "bench"], cwd=where, stdout=subprocess.DEVNULL, check=True)
        journal = sum(path.stat().st_size for path in Path(where).glob(".runner/runs/*/journal"))
        written = 0
        with open(where / "trace", errors="replace") as lines:
            for line in lines:
                if "/checkpoint/" in line.split(",", 1)[0] and (found := re.search(r"= (\d+)$", line.rstrip())):
                    written += int(found[1])
    per_step, amplification = journal / steps, written / journal
    return {"measure": f"journal per step without outputs; checkpoint's write amplification ({steps:,} steps)",
            "target": "≤ 600 bytes; ≤ 3 ×", "got": f"{per_step:.0f} bytes; {amplification:.2f} x",
            "holds": per_step <= 600 and amplification <= 3, "unit": "bytes a step",
            "bars": {"journal": per_step, "checkpoint": written / steps}}


ROWS = {"plan": plan, "long": long, "resume": resume, "disk": disk}
