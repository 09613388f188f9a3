"""The same work for each peer: N steps that run /bin/true, in a chain or independent of one another."""

import sys
from pathlib import Path

HEADS = {
    "make": "",
    "task": 'version: "3"\nsilent: true\ntasks:\n',
    "runner": "name: bench\nsteps:\n",
}


def names(count: int) -> list[str]:
    return [f"s{number:04}" for number in range(1, count + 1)]


def makefile(count: int, chain: bool) -> str:
    steps = names(count)
    text = f".PHONY: all {' '.join(steps)}\nall: {steps[-1] if chain else ' '.join(steps)}\n"
    for before, step in zip([None, *steps], steps):
        text += f"{step}: {before if chain and before else ''}\n\t@/bin/true\n"
    return text


def taskfile(count: int, chain: bool) -> str:
    steps = names(count)
    text = HEADS["task"] + f"  all: {{deps: [{steps[-1] if chain else ', '.join(steps)}]}}\n"
    for before, step in zip([None, *steps], steps):
        deps = f"deps: [{before}], " if chain and before else ""
        text += f"  {step}: {{{deps}cmd: /bin/true}}\n"
    return text


def workflow(count: int, chain: bool) -> str:
    text = HEADS["runner"]
    for step in names(count):
        text += f"  - id: {step}\n    uses: exec.run\n    with: {{argv: [/bin/true]}}\n"
        text += "" if chain else "    needs: []\n"
    return text


def write(folder: Path, count: int, chain: bool) -> None:
    """A Makefile, a Taskfile.yml and workflows/bench.yaml in the folder."""
    (folder / "workflows").mkdir(parents=True, exist_ok=True)
    (folder / "Makefile").write_text(makefile(count, chain))
    (folder / "Taskfile.yml").write_text(taskfile(count, chain))
    (folder / "workflows" / "bench.yaml").write_text(workflow(count, chain))


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in ("chain", "independent"):
        sys.exit("usage: generate.py FOLDER STEPS chain|independent")
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "chain")
