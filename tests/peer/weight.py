"""Rows about what flows through a step, what many at once weigh, and what it costs to wait."""

import socket
import subprocess
import threading
import time

from generate import write
from measure import busy, contest, folder, keeper_of, once, peak


def output(b) -> dict:
    megabytes = b.scaled(10_000)
    pour = f"head -c {megabytes}000000 /dev/zero"
    step = f"uses: exec.run, with: {{script: '{pour}'}}"
    secret = "secrets: {token: {command: [echo, hunter2-hunter2]}}\n"

    def poured(where, masked):
        write(where, 1, True, step)
        file = where / "workflows" / "bench.yaml"
        file.write_text((secret if masked else "") + file.read_text())
        return once([b.runner, "run", "bench"], where)

    peers = {"cat": ["sh", "-c", f"{pour} | cat > out"], "runner": lambda where: poured(where, False),
             "runner, secrets": lambda where: poured(where, True)}
    times = contest(peers, min(b.rounds, 3), lambda where: None)
    plain, masked = times["cat"] / times["runner"], times["cat"] / times["runner, secrets"]
    return {"measure": f"{megabytes:,} MB of output through one step", "target": "≥ 0.8 × `cat` without secrets, ≥ 0.2 × with",
            "got": f"{plain:.2f} x; {masked:.2f} x", "holds": plain >= 0.8 and masked >= 0.2, "unit": "MB/s",
            "bars": {name: megabytes / took for name, took in times.items()}}


def at_once(b) -> dict:
    count = b.steps
    memory = []

    def ours(where):
        write(where, 1, True, f"foreach: lists.range({count}), uses: exec.run, with: {{argv: [/bin/sleep, '1']}}")
        begun = time.perf_counter()
        run = subprocess.Popen([b.runner, "run", "bench", "--parallel", str(count)], cwd=where, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        keeper, held = keeper_of(run.pid), 0
        while run.poll() is None:
            try:
                held = max(held, peak(run.pid) + peak(keeper))
            except OSError:
                pass
            time.sleep(0.02)
        memory.append(held)
        return time.perf_counter() - begun

    peers = {"runner": ours, "leanest C": [b.leanest, "at-once", str(count), "1"]}
    times = contest(peers, min(b.rounds, 5), lambda where: None)
    ratio, held = times["runner"] / times["leanest C"], max(memory)
    return {"measure": f"{count:,} parallel `sleep 1` processes; engine and keeper together",
            "target": "≤ 1.15 × a C loop of `posix_spawn`; ≤ 60 MB", "got": f"{ratio:.2f} x; {held / 1e6:.0f} MB",
            "holds": ratio <= 1.15 and held <= 60e6, "unit": "s", "bars": times}


def waits(b) -> dict:
    """Each asks once in vain, waits for a second, and is let in."""

    def ours(where):
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            each = f"uses: tcp.wait, with: {{host: 127.0.0.1, port: {door.getsockname()[1]}, every: 1s}}"
            write(where, 1, True, f"foreach: lists.range({b.steps}), {each}")
            threading.Timer(0.9, lambda: door.listen(4096)).start()
            return once([b.runner, "run", "bench"], where)

    times = contest({"runner": ours}, min(b.rounds, 5), lambda where: None)
    return {"measure": f"{b.steps:,} in-process waits of 1 s", "target": "≤ 1.05 s", "got": f"{times['runner']:.2f} s",
            "holds": times["runner"] <= 1.05, "unit": "s", "bars": times}


def idle(b) -> dict:
    seconds = b.scaled(60)
    with folder() as where:
        write(where, 1, True, f"uses: exec.run, with: {{argv: [sleep, '{seconds + 8}']}}")
        run = subprocess.Popen([b.runner, "run", "bench"], cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        keeper_of(run.pid)
        time.sleep(2)
        before = busy(run.pid)
        time.sleep(seconds)
        used = (busy(run.pid) - before) * 1000
        run.wait()
    return {"measure": f"engine idle with a live child, {seconds} s", "target": "≤ 10 ms of CPU", "got": f"{used:.1f} ms",
            "holds": used <= 10, "bars": {"runner": used}}


ROWS = {"output": output, "at-once": at_once, "waits": waits, "idle": idle}
