"""The same work for each peer: N steps, in a chain or independent of one another."""

from pathlib import Path


def names(count: int) -> list[str]:
    return [f"s{number:05}" for number in range(1, count + 1)]


def pairs(count: int, chain: bool) -> list[tuple[str, str]]:
    """Each step with the one that it follows, if it follows one."""
    steps = names(count)
    return list(zip(steps, ["", *steps] if chain else [""] * count))


def makefile(count: int, chain: bool) -> str:
    last = names(count)[-1] if chain else " ".join(names(count))
    rules = "".join(f"{step}: {before}\n\t@/bin/true\n" for step, before in pairs(count, chain))
    return f".PHONY: all {' '.join(names(count))}\nall: {last}\n{rules}"


def ninja(count: int, chain: bool) -> str:
    last = names(count)[-1] if chain else " ".join(names(count))
    rules = "".join(f"build {step}: true {before}\n" for step, before in pairs(count, chain))
    return f"rule true\n  command = /bin/true\n{rules}build all: phony {last}\ndefault all\n"


def justfile(count: int, chain: bool) -> str:
    last = names(count)[-1] if chain else " ".join(names(count))
    rules = "".join(f"{step}: {before}\n    @/bin/true\n" for step, before in pairs(count, chain))
    return f"all: {last}\n{rules}"


def taskfile(count: int, chain: bool) -> str:
    last = names(count)[-1] if chain else ", ".join(names(count))
    text = f'version: "3"\nsilent: true\ntasks:\n  all: {{deps: [{last}]}}\n'
    return text + "".join(f"  {step}: {{deps: [{before}], cmd: /bin/true}}\n" for step, before in pairs(count, chain))


def dodo(count: int, chain: bool) -> str:
    return f"""def task_s():
    before = None
    for at in range({count}):
        yield {{"name": str(at), "actions": [["/bin/true"]], "task_dep": [before] if before and {chain} else []}}
        before = f"s:{{at}}"
"""


def snakefile(count: int, chain: bool) -> str:
    text = f"rule all:\n    input: {[names(count)[-1]] if chain else names(count)}\n"
    for step, before in pairs(count, chain):
        text += f"rule {step}:\n" + (f"    input: {before!r}\n" if before else "")
        text += f"    output: touch({step!r})\n    shell: '/bin/true'\n"
    return text


def workflow(count: int, chain: bool, step: str) -> str:
    """`step` is all that a step says besides its id and what it needs."""
    text = "name: bench\nsteps:\n"
    for name in names(count):
        text += f"  - {{id: {name}, {step}{'' if chain else ', needs: []'}}}\n"
    return text


TRUE = "uses: exec.run, with: {argv: [/bin/true]}"
REPEAT = TRUE + ", interrupted: repeat"
CLAIM = "uses: assert.that, with: {that: 1 == 1}"


def write(folder: Path, count: int, chain: bool, step: str = TRUE) -> None:
    """What each peer reads, and `workflows/bench.yaml`."""
    (folder / "workflows").mkdir(parents=True, exist_ok=True)
    for name, text in [("Makefile", makefile), ("build.ninja", ninja), ("justfile", justfile), ("Taskfile.yml", taskfile),
                       ("dodo.py", dodo), ("Snakefile", snakefile)]:
        (folder / name).write_text(text(count, chain))
    (folder / "loop.sh").write_text(f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i + 1)); done\n")
    (folder / "workflows" / "bench.yaml").write_text(workflow(count, chain, step))
