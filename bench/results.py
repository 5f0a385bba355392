#!/usr/bin/env python3
"""The figures of record: runs each suite, engines taking turns, and writes bench/RESULTS.md, the raw results beside it in
bench/results/SUITE.jsonl, and docs/benchmarks.html.

    ./x results [--repeat N] [--suites NAME,..] [--tables]      --tables: from the results of an earlier run, without a new one

The machine should do nothing else meanwhile.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

SUITES = {
    "standard": (
        "5 M entries of 16 + 100 bytes, one thread unless the name says otherwise",
        "nacre,rocksdb-tuned,lmdb-nosync",
        ["--n", "5000000", "--no-verify", "--workloads",
         "fillseq,fillrandom,filluniquerandom,fillsync,fillsync-16,readrandom,readmissing,readhot,multiget,seekrandom,seekreverse,"
         "seekonly,readseq,readreverse,readwhilewriting,readwhilescanning,overwrite,deleterandom"],
    ),
    "mixed": (
        "YCSB (records of 1 KB), mixgraph, time series, batches, large values; 500 MB each",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--no-verify", "--workloads",
         "mixgraph,ycsb-a,ycsb-b,ycsb-c,ycsb-f,ycsb-d,ycsb-e,ts-append,ts-scan,ts-expire,fillseq-1000,fillrandom-1000,fill-4k,read-4k,"
         "fill-64k,read-64k"],
    ),
    "load": (
        "20 M puts of 16 + 100 bytes: bytes of the device, space",
        "nacre,rocksdb-tuned",
        ["--n", "20000000", "--no-verify", "--workloads", "fillrandom"],
    ),
    "limited": (
        "5 M entries, 580 MB; the kernel gives each engine 256 MiB, page cache included; at most 40,000 calls",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--memory-mib", "128", "--memory-limit", "256MiB", "--cold", "--no-verify", "--most-calls", "40000",
         "--workloads", "filluniquerandom,readrandom,multiget"],
    ),
    "limited-writes": (
        "the same, and as many overwrites as entries",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--memory-mib", "128", "--memory-limit", "256MiB", "--cold", "--no-verify", "--workloads",
         "filluniquerandom,overwrite"],
    ),
    "peers": (
        "1 M entries of 16 + 100 bytes; all the other engines",
        "nacre,lmdb-nosync,leveldb,wiredtiger,tidesdb",
        ["--n", "1000000", "--no-verify", "--workloads",
         "fillseq,filluniquerandom,fillsync,readrandom,readmissing,seekrandom,readseq,overwrite,deleterandom"],
    ),
}

HEAD = """# Results

{date}. {processor}, {cores} cores, {memory:.0f} GiB, {kernel}, {distribution}, {file_system}; compiled by GCC {compiler}. Nothing else was running.
Medians of the runs of each engine, which take turns, with least and most; each run in a process and a directory of its own. What the workloads
are and what the figures mean: [README](README.md). Ratios are Nacre to the other.

{versions}

*Memory*: each engine is told how much to use, a number that stands with each suite; LMDB takes none, its cache is the page cache. Where the data are
smaller than that, gets and scans hardly touch the device; what it costs is in the suites `limited`. *Tuned* is what
[engine/rocksdb_options.cc](engine/rocksdb_options.cc) sets: LZ4, filters of 10 bits, 4 memtables of 128 MiB (an eighth of the memory if that is
less), the rest of the memory for a HyperClockCache, 3 background jobs, levels from 1 GiB on, hash indexes in blocks, filters of memtables. Nacre
has its defaults.

*Rates* count calls, but entries in {entries}. A call of the scanner of readwhilescanning walks over 10,000 entries.

{losses}

To have it again, beside Release builds of RocksDB (`include/` and `librocksdb.a` below DIR) and, if wanted, of TidesDB (an installed
prefix), as root for the control group:

    NACRE_BENCH_ROCKSDB_ROOT=DIR NACRE_BENCH_TIDESDB_ROOT=PREFIX ./x results

The raw results are in `results/`, a line of JSON each; [docs/benchmarks.html](../docs/benchmarks.html) shows those of the first suite as a page.
"""


def run(program, arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"nacre-bench ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def tables_of(program, raw, *more):
    """The two tables that nacre-bench makes of earlier results."""
    lines = run(program, ["--from", str(raw), *more]).splitlines()
    return "\n".join(line for line in lines if line.startswith("|") or not line.strip()).strip()


def losses_of(table):
    """Where Nacre is the slower one: "workload (0.92 of engine)", by the ratios of a first table."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")]
    names, found = rows[0], []
    for row in rows[2:]:
        if row[0] == "workload":  # the second table
            break
        for name, cell in zip(names, row):
            if name.startswith("nacre / ") and cell and float(cell) < 1:
                found.append(f"{row[0]} ({cell} of {name.removeprefix('nacre / ')})")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="nacre-bench")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--suites", default=",".join(SUITES), help="which ones to run; the others keep their results")
    parser.add_argument("--tables", action="store_true", help="no run")
    chosen = parser.parse_args()
    chosen.program = pathlib.Path(chosen.program).resolve()
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)  # the command stands in the results: no path of this machine in it
    bench = pathlib.Path("bench")
    raws = {name: bench / "results" / f"{name}.jsonl" for name in SUITES}
    raws["standard"].parent.mkdir(exist_ok=True)
    here = {line.split()[0] for line in run(chosen.program, ["--list"]).split("Workloads:")[0].splitlines() if line.startswith("  ")}
    for name in () if chosen.tables else chosen.suites.split(","):
        _, engines, arguments = SUITES[name]
        engines = ",".join(engine for engine in engines.split(",") if engine in here)
        raws[name].unlink(missing_ok=True)
        run(chosen.program, ["--compare", engines, "--repeat", str(chosen.repeat), *arguments, "--json", str(raws[name])])

    parts = []
    losses = []
    of_entries = {}  # in their order
    versions = {}
    environment = None
    for name, (what, _, _) in SUITES.items():
        if not raws[name].exists():
            continue
        lines = [json.loads(line) for line in raws[name].read_text().splitlines()]
        environment = environment or lines[0]["environment"]
        of_entries.update({line["workload"]: True for line in lines[1:] if line["counted"] == "entries"})
        versions.update({line["engine"]: line["version"] for line in lines[1:]})
        page = ["--html", "docs/benchmarks.html"] if name == "standard" else []
        runs = max(collections.Counter((line["engine"], line["workload"]) for line in lines[1:]).values())
        told = f"Told to use {lines[0]['environment']['memory_budget'] / 2**20:,.0f} MiB of memory."
        tables = tables_of(chosen.program, raws[name], *page)
        parts.append(f"## {name}\n{what}. {told} {runs} run{'s' if runs > 1 else ''} of each engine.\n\n{tables}\n")
        if found := losses_of(tables):
            losses.append(f"{name}: {', '.join(found)}")
    environment["memory"] = environment["memory"] / 2**30
    where = "Where Nacre is the slower one: " + "; ".join(losses) + "." if losses else "Nacre is nowhere the slower one."
    head = HEAD.format(versions="\n".join(f"- {v}" for v in versions.values()), losses=where, entries=', '.join(of_entries), **environment)
    (bench / "RESULTS.md").write_text(head + "\n" + "\n".join(parts))


main()
