"""`make bench`: runs every benchmark, shows what it prints, and writes docs/performance.md from it.

.venv/bin/python bench/all.py [NAME ...]      only these; the document keeps the others' last figures
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENT: Final = ROOT / "docs/performance.md"
BENCHES: Final = {
    "session": "One session: each stage alone, then the whole estate on loopback",
    "face": "The face's share of a session, beside dlib's face recognition",
    "fingerprint": "Fingerprints beside NBIS: accuracy, time, memory",
    "interlock": "The interlock: grant to strike, start, free heap",
    "ledger": "Commits, the audit log, proofs",
    "gateway": "Decisions: closed loop over mutual TLS, beside signatures and commits alone",
}
INTRODUCTION: Final = """# Performance

`make bench` writes this page: every figure is what the command printed, on the machine named with it.
Times on a loaded or smaller machine differ; the ratios within one run are what carries over.
"""


def main() -> int:
    """Runs the benchmarks that are there; the exit code is 1 when one failed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", help=f"some of: {', '.join(BENCHES)}")
    wanted = arguments.parse_args().names or list(BENCHES)
    parts, failed = last_parts(), False
    for name in wanted:
        script = ROOT / "bench" / f"{name}.py"
        if name not in BENCHES or not script.exists():
            sys.stderr.write(f"there is no benchmark {name}; there are {', '.join(BENCHES)}\n")
            failed = True
            continue
        sys.stdout.write(f"\n{BENCHES[name]}\n")
        environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
        done = subprocess.run(
            [sys.executable, script], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
        )
        sys.stdout.write(done.stdout)
        if done.returncode:
            sys.stderr.write(done.stderr[-2_000:])
            failed = True
            continue
        parts[name] = (
            f"## {BENCHES[name]}\n\n`python bench/{name}.py`, {machine()}\n\n```\n{done.stdout.strip()}\n```\n"
        )
    DOCUMENT.write_text("\n".join([INTRODUCTION, *(parts[name] for name in BENCHES if name in parts)]))
    return int(failed)


def last_parts() -> dict[str, str]:
    """What the document says now, by benchmark."""
    text = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    found = {part.partition("\n")[0]: f"## {part}" for part in text.split("\n## ")[1:]}
    return {name: found[title] for name, title in BENCHES.items() if title in found}


def machine() -> str:
    """What it ran on, and how busy that was."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} x {model}, {datetime.now(UTC):%Y-%m-%d}, load {load:.1f}."


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main())
