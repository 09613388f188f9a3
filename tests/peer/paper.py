"""The table and the picture under docs/."""

from html import escape
from pathlib import Path

WIDTH, LABEL, LINE = 760, 190, 18


def table(rows: list[dict], machine: str) -> str:
    text = ("# Benchmarks\n\nWritten by `task bench`, which measures everything side by side in one run; `task bench -- --row NAME` "
            "measures one row anew.\nRatios are of medians of interleaved rounds. Every step of ours is durable: its start is on "
            f"disk before it runs, its end before\nwhat needs it starts. {machine}\n\n![The rows as bars](benchmarks.svg)\n\n"
            "| row | measure | target | measured | |\n|---|---|---|---|---|\n")
    for row in rows:
        text += f"| `{row['name']}` | {row['measure']} | {row['target']} | {row['got']} | {'holds' if row['holds'] else '**does not hold**'} |\n"
    notes = [row for row in rows if row["note"]]
    return text + "".join(f"\n`{row['name']}`: {row['note']}\n" for row in notes)


def picture(rows: list[dict]) -> str:
    body, y = "", 10
    for row in rows:
        y += 22
        body += f'<text x="10" y="{y}" class="t">{escape(row["measure"].replace("`", ""))} ({escape(row["unit"])})</text>\n'
        most = max(row["bars"].values(), default=0) or 1
        for name, value in sorted(row["bars"].items(), key=lambda bar: bar[1]):
            y += LINE
            width = max(1, round((WIDTH - LABEL - 90) * value / most))
            kind = "o" if name.startswith("runner") else "p"
            body += (f'<text x="{LABEL - 8}" y="{y}" class="l">{escape(name)}</text>'
                     f'<rect x="{LABEL}" y="{y - 11}" width="{width}" height="13" class="{kind}"/>'
                     f'<text x="{LABEL + width + 6}" y="{y}" class="n">{value:,.3g}</text>\n')
        y += 8
    style = ("text{font:12px sans-serif;fill:#444}.t{font-weight:bold;fill:#111}.l{text-anchor:end}.o{fill:#2563eb}.p{fill:#a8b3c4}"
             "@media(prefers-color-scheme:dark){text{fill:#bbb}.t{fill:#eee}}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 16}" role="img">\n'
            f"<title>Benchmarks</title><style>{style}</style>\n{body}</svg>\n")


def write(docs: Path, rows: list[dict], machine: str) -> None:
    (docs / "benchmarks.md").write_text(table(rows, machine))
    (docs / "benchmarks.svg").write_text(picture(rows))
