"""The rows of the table. Each says what was measured, what it is held to, and how it came out."""

import os
from dataclasses import asdict, dataclass, field

from generate import CLAIM, REPEAT, TRUE, write
from measure import contest, folder, lone, once
from scale import ROWS as SCALE
from weight import ROWS as WEIGHT

# How many steps the engine permits ahead of their turn for each place that there is (docs/architecture.md).
AHEAD = 2


@dataclass
class Row:
    name: str
    measure: str
    target: str
    got: str
    holds: bool
    note: str = ""
    unit: str = "ms"
    bars: dict = field(default_factory=dict)

    def record(self) -> dict:
        return asdict(self)


def table(b, chain: bool, step: str, ahead: int) -> dict[str, float]:
    """Seconds for all steps: ours, the peers', and that of the leanest program that gives what ours gives; `ahead` is how many
    steps wait for each place."""
    cores = str(os.cpu_count())
    peers = {"runner": [b.runner, "run", "bench"] + ([] if chain else ["--parallel", cores])}
    known = {
        "make": ["make", "-s"] + ([] if chain else [f"-j{cores}"]),
        "ninja": ["ninja", "--quiet"] + ([] if chain else [f"-j{cores}"]),
        "just": ["just", "all"] if chain else None,
        "task": ["task", "all"] + ([] if chain else ["-C", cores]),
        "doit": ["doit", "-v0"] + ([] if chain else ["-n", cores]),
        "sh loop": ["sh", "loop.sh"] if chain else None,
        "GNU parallel": None if chain else ["sh", "-c", f"seq {b.steps} | parallel -j{cores} /bin/true"],
    }
    for name, argv in known.items():
        if argv and b.find("parallel" if name == "GNU parallel" else argv[0]):
            peers[name] = [b.find(argv[0]), *argv[1:]] if argv[0] != "sh" else argv
    if b.find("snakemake") and b.slow:
        def snakemake(where):
            write(where, b.steps // 10, chain, step)
            return 10 * once([b.find("snakemake"), "-q", "all", "-c", "1" if chain else cores], where)
        peers["snakemake"] = snakemake
    if b.leanest:
        places = 1 if chain else os.cpu_count()
        peers["leanest C"] = [b.leanest, "chain", str(b.steps), str(places), str(places * ahead)]
    return contest(peers, b.rounds, lambda where: write(where, b.steps, chain, step))


def against(times: dict[str, float], bounds: dict[str, float]) -> tuple[str, bool]:
    """The ratios to peers, and whether all are within their bounds, or ours within 1.1 of the leanest program's."""
    ours = times["runner"]
    ratios = {name: ours / times[name] for name in bounds if name in times}
    got = ", ".join(f"{ratio:.2f} x {name}" for name, ratio in ratios.items())
    holds = bool(ratios) and all(ratio <= bounds[name] for name, ratio in ratios.items())
    if "leanest C" in times:
        got += f", {ours / times['leanest C']:.2f} x leanest C"
        holds |= ours <= 1.1 * times["leanest C"]
    return got, holds


def per_step(b, times: dict[str, float]) -> dict[str, float]:
    return {name: 1000 * took / b.steps for name, took in times.items()}


def chain(b) -> Row:
    times = table(b, True, TRUE, 0)
    got, holds = against(times, {"make": 1.2, "task": 0.35})
    return Row("chain", f"chain of {b.steps:,} `/bin/true` steps, strict order, every step durable",
               "≤ 1.2 × make, ≤ 0.35 × task", got, holds, unit="ms a step", bars=per_step(b, times))


def ahead(b) -> Row:
    times = table(b, True, REPEAT, AHEAD)
    got, holds = against(times, {"make": 1.0})
    return Row("ahead", "the same with `interrupted: repeat` (permitted ahead)", "≤ 1.0 × make", got, holds,
               unit="ms a step", bars=per_step(b, times))


def independent(b) -> Row:
    times = table(b, False, REPEAT, AHEAD)
    got, holds = against(times, {"make": 1.05, "ninja": 0.6})
    return Row("independent", f"{b.steps:,} independent `/bin/true`, `--parallel` = cores",
               "≤ 1.05 × make -jN, ≤ 0.6 × ninja", got, holds, unit="ms a step", bars=per_step(b, times))


def inside(b) -> Row:
    peers = {"runner": [b.runner, "run", "bench"], "fdatasync (C)": [b.leanest, "flush", str(b.steps)]}
    with folder() as where:
        write(where, 1, True, CLAIM)
        start = once([b.runner, "run", "bench"], where)
    times = contest(peers, b.rounds, lambda where: write(where, b.steps, True, CLAIM))
    ratio = (times["runner"] - start) / times["fdatasync (C)"]
    return Row("inside", f"chain of {b.steps:,} in-process steps (`assert.that`), durable, without the start of the program",
               "≤ 1.2 × the disk's own fdatasync", f"{ratio:.2f} x", ratio <= 1.2, unit="ms a step", bars=per_step(b, times))


def grouped(b) -> Row:
    steps = 10 * b.steps
    peers = {"runner": [b.runner, "run", "bench", "--parallel", "512"]}
    with folder() as where:
        write(where, 1, False, CLAIM)
        start = once([b.runner, "run", "bench"], where)
    each = f"foreach: lists.range({steps}), {CLAIM}"
    times = contest(peers, b.rounds, lambda where: write(where, 1, True, each))
    rate = steps / max(times["runner"] - start, 1e-6)
    return Row("grouped", f"{steps:,} in-process steps whose flushes may be grouped", "≥ 50,000 steps a second",
               f"{rate:,.0f} a second", rate >= 50_000, unit="µs a step", bars={"runner": 1e6 / rate})


def start(b) -> Row:
    with folder() as where:
        write(where, 50, True)
        times = lone({"runner --version": lambda _: once([b.runner, "--version"], where),
                      "runner validate, 50 steps": lambda _: once([b.runner, "validate", "bench"], where),
                      "make --version": lambda _: once(["make", "--version"], where)}, 10 * b.rounds)
    version, validate = times["runner --version"] * 1000, times["runner validate, 50 steps"] * 1000
    return Row("start", "start: `runner --version`; `validate` of a 50-step file", "≤ 5 ms; ≤ 15 ms",
               f"{version:.1f} ms; {validate:.1f} ms", version <= 5 and validate <= 15,
               bars={name: took * 1000 for name, took in times.items()})


ROWS = {"chain": chain, "ahead": ahead, "independent": independent, "inside": inside, "grouped": grouped, "start": start,
        **{name: lambda b, name=name, row=row: Row(name=name, **row(b)) for name, row in {**SCALE, **WEIGHT}.items()}}
