#!/usr/bin/env python3
"""The figures of record: runs each suite, engines taking turns, and writes bench/RESULTS.md, the raw results beside it in
bench/results/SUITE.jsonl, and docs/benchmarks.html.

    ./x results [--repeat N] [--suites NAME,..] [--tables]      --tables: from the results at hand, without a run

The machine should do nothing else meanwhile. All suites together are of one machine, and take about an hour there.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys

SHAPES = "fillrandom,filluniquerandom,readrandom,readmissing,multiget,seekrandom,readseq,readwhilewriting,overwrite"

# Name: words, engines, arguments, runs of each engine.
SUITES = {
    "standard": (
        "5 M entries of 16 + 100 bytes, one thread unless the name says otherwise",
        "nacre,rocksdb-tuned,lmdb-nosync",
        ["--n", "5000000", "--workloads",
         "filluniquerandom,readrandom,readmissing,readhot,multiget,seekrandom,seekreverse,seekonly,readseq,readreverse,"
         "readwhilewriting,readwhilescanning"],
        2,
    ),
    "mixed": (
        "YCSB (records of 1 KB), mixgraph, time series, batches, large values; 500 MB each",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--workloads",
         "mixgraph,ycsb-a,ycsb-b,ycsb-c,ycsb-f,ycsb-d,ycsb-e,ts-append,ts-scan,ts-expire,fillseq-1000,fillrandom-1000,fill-4k,read-4k,"
         "fill-64k,read-64k"],
        1,
    ),
    "load": (
        "20 M puts of 16 + 100 bytes: bytes of the device, space",
        "nacre,rocksdb-tuned",
        ["--n", "20000000", "--workloads", "fillrandom"],
        1,
    ),
    "limited": (
        "5 M entries, 580 MB; the kernel gives each engine 256 MiB, page cache included; at most 40,000 calls",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--memory-mib", "128", "--memory-limit", "256MiB", "--cold", "--no-verify", "--most-calls", "40000",
         "--workloads", "filluniquerandom,readrandom,multiget"],
        1,
    ),
    "limited-writes": (
        "the same, and as many overwrites as entries",
        "nacre,rocksdb-tuned",
        ["--n", "5000000", "--memory-mib", "128", "--memory-limit", "256MiB", "--cold", "--no-verify", "--workloads",
         "filluniquerandom,overwrite"],
        1,
    ),
    "prefixes": (
        "2 M entries of 64 + 100 bytes, keys alike in their first 48 bytes",
        "nacre,rocksdb-tuned",
        ["--n", "2000000", "--key-size", "64", "--key-prefix", "48", "--workloads", SHAPES],
        1,
    ),
    "skewed": (
        "values of 200 bytes on average, a few up to 64 times as large (Pareto); 430 MB",
        "nacre,rocksdb-tuned",
        ["--n", "2000000", "--value-spread", "pareto", "--value-size", "200", "--workloads", SHAPES],
        1,
    ),
    "threads": (
        "2 M entries of 16 + 100 bytes, 4 threads",
        "nacre,rocksdb-tuned",
        ["--n", "2000000", "--threads", "4", "--workloads", SHAPES],
        1,
    ),
    "threads-16": (
        "1 M entries of 16 + 100 bytes, 16 threads",
        "nacre,rocksdb-tuned",
        ["--n", "1000000", "--threads", "16", "--workloads", SHAPES],
        1,
    ),
    "large": (
        "40,000 entries of 16 + 16,384 bytes, 650 MB",
        "nacre,rocksdb-tuned,lmdb-nosync",
        ["--n", "40000", "--value-size", "16384", "--workloads",
         "fillrandom,readrandom,readmissing,multiget,seekrandom,seekreverse,seekonly,readseq,readreverse,overwrite,deleterandom"],
        3,
    ),
    "fifty-million": (
        "50 M entries of 16 + 100 bytes, 5.8 GB; at most 500,000 calls of reads",
        "nacre,rocksdb-tuned",
        ["--n", "50000000", "--no-verify", "--cold", "--most-calls", "500000", "--workloads",
         "filluniquerandom,readrandom,readmissing,multiget,seekrandom"],
        1,
    ),
    "steady": (
        "10 M entries of 16 + 1,000 bytes in order, then as many overwrites: 20 GB",
        "nacre,rocksdb-tuned",
        ["--n", "10000000", "--no-verify", "--cold", "--value-size", "1000", "--workloads", "fillseq,overwrite"],
        1,
    ),
    "peers": (
        "1 M entries of 16 + 100 bytes; all the other engines",
        "nacre,lmdb-nosync,leveldb,wiredtiger,tidesdb",
        ["--n", "1000000", "--workloads",
         "fillseq,filluniquerandom,fillsync,readrandom,readmissing,seekrandom,seekonly,readseq,overwrite,deleterandom"],
        1,
    ),
    "writes": (
        "5 M entries; overwrites and erases right after the load",
        "nacre,rocksdb-tuned,lmdb-nosync",
        ["--n", "5000000", "--workloads", "fillseq,fillrandom,filluniquerandom,overwrite,deleterandom,fillsync,fillsync-16"],
        3,
    ),
    "latency": (
        "5 M entries; gets beside a writer of 100,000 puts a second, whose clocks start when a put is due",
        "nacre,rocksdb-tuned",
        ["--write-rate", "100000", "--workloads", "filluniquerandom,readwhilewriting"],
        1,
    ),
    "latency-busy": (
        "the same with 2 M entries, beside a process that keeps a core busy",
        "nacre,rocksdb-tuned",
        ["--n", "2000000", "--write-rate", "50000", "--busy-cores", "1", "--workloads", "filluniquerandom,readwhilewriting"],
        1,
    ),
    "columns": (
        "2 M entries; RocksDB as it comes, tuned, and with universal compaction and recycled logs",
        "nacre,rocksdb,rocksdb-tuned,rocksdb-best",
        ["--n", "2000000", "--workloads", "fillseq,filluniquerandom,readrandom,multiget,seekrandom,readseq,overwrite"],
        1,
    ),
}

# What is wanted: suite, workload, figure, engine beside, least ratio (or most, if it is of a cost), words. `rate` of Nacre to the other's.
TUNED, LMDB = "rocksdb-tuned", "lmdb-nosync"
TARGETS = [
    ("writes", "fillseq", "rate", TUNED, 6, ""),
    ("writes", "fillrandom", "rate", TUNED, 5, "settled"),
    ("writes", "overwrite", "rate", TUNED, 5, "settled"),
    ("writes", "deleterandom", "rate", TUNED, 5, "settled"),
    ("standard", "readrandom", "rate", TUNED, 5, ""),
    ("standard", "readrandom", "rate", LMDB, 1.8, ""),
    ("standard", "readmissing", "rate", TUNED, 4, ""),
    ("standard", "seekrandom", "rate", TUNED, 6, ""),
    ("standard", "seekrandom", "rate", LMDB, 1.5, ""),
    ("standard", "readseq", "rate", TUNED, 4, ""),
    ("standard", "readseq", "rate", LMDB, 1, ""),
    ("standard", "multiget", "rate", TUNED, 12, "64 keys a call"),
    ("standard", "readwhilewriting", "rate", TUNED, 5, "gets"),
    ("standard", "readwhilewriting/writer", "rate", TUNED, 5, "puts"),
    ("writes", "fillsync", "rate", TUNED, 1.5, ""),
    ("writes", "fillsync-16", "rate", TUNED, 4, ""),
    *[("mixed", name, "rate", TUNED, 3, "") for name in ("mixgraph", "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-e", "ycsb-f")],
    ("load", "fillrandom", "p999_us", TUNED, 0.25, "puts, as fast as they go"),
    ("latency", "readwhilewriting/writer", "p999_us", TUNED, 0.25, "puts at a steady rate"),
    ("latency", "readwhilewriting", "p999_us", TUNED, 0.25, "gets, compaction going on"),
    ("latency-busy", "readwhilewriting/writer", "p999_us", TUNED, 0.25, "puts, the other core busy"),
    ("latency-busy", "readwhilewriting", "p999_us", TUNED, 0.25, "gets, the other core busy"),
    ("load", "fillrandom", "write_amplification", TUNED, 0.7, "20 M entries"),
    ("load", "fillrandom", "space_amplification", TUNED, 1, "20 M entries"),
    ("load", "fillrandom", "cpu_s_per_million", TUNED, 0.25, "20 M entries"),
    ("steady", "overwrite", "write_amplification", TUNED, 0.5, "20 GB"),
    ("steady", "overwrite", "space_amplification", TUNED, 1, "20 GB"),
    ("limited", "readrandom", "rate", TUNED, 1, "larger than memory"),
    ("limited", "multiget", "rate", TUNED, 3, "larger than memory"),
    ("limited-writes", "overwrite", "rate", TUNED, 3, "larger than memory"),
]
FIGURES = {
    "rate": "rate",
    "p999_us": "P99.9",
    "write_amplification": "device bytes a user byte",
    "space_amplification": "bytes of disk",
    "cpu_s_per_million": "processor time",
}


HEAD = """# Results

{processor}, {cores} cores, {memory:.0f} GiB, {kernel}, {distribution}, {file_system}; compiled by GCC {compiler}.
Medians of the runs of each engine, which take turns, with least and most; each run in a process and a directory of its own. What the workloads
are and what the figures mean: [README](README.md). Ratios are Nacre to the other.

{versions}

*Memory*: each engine is told how much to use, a number that stands with each suite; LMDB takes none, its cache is the page cache. Where the data are
smaller than that, gets and scans hardly touch the device; what it costs is in the suites `limited`. *Tuned* is what
[engine/rocksdb_options.cc](engine/rocksdb_options.cc) sets: LZ4, filters of 10 bits, 4 memtables of 128 MiB (an eighth of the memory if that is
less), the rest of the memory for a HyperClockCache, 3 background jobs, levels from 1 GiB on, hash indexes in blocks, filters of memtables. Nacre
has its defaults but for the memory.

*Rates* count calls, but entries in {entries}. A call of the scanner of readwhilescanning walks over 10,000 entries. Costs are given
as Nacre's to the other's: less is better.

{losses}

To have it again, beside Release builds of RocksDB (`include/` and `librocksdb.a` below DIR) and, if wanted, of TidesDB (an installed
prefix), as root for the control group; below each suite stands what runs it alone:

    NACRE_BENCH_ROCKSDB_ROOT=DIR NACRE_BENCH_TIDESDB_ROOT=PREFIX ./x results

The raw results are in `results/`, a line of JSON each; [docs/benchmarks.html](../docs/benchmarks.html) shows those of the first suite as a page.

## targets
What [PERFORMANCE.md](../docs/PERFORMANCE.md) says of those that are not met.

{targets}
"""


def run(program, arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"nacre-bench ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def revision():
    """What was built; the results of suites before this one are no change of it."""
    def git(*words):
        return subprocess.run(["git", *words], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    own = [":!bench/results", ":!bench/RESULTS.md", ":!docs/benchmarks.html"]
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", ".", *own) else "")


def measure(program, name, repeat, raw):
    """One suite into its raw file, which is replaced when all is done."""
    _, engines, arguments, usual = SUITES[name]
    here = {line.split()[0]: "left out" not in line for line in run(program, ["--list"]).split("Workloads:")[0].splitlines()[1:]}
    new = raw.with_suffix(".new")
    load_before = os.getloadavg()[0]
    run(program, ["--compare", engines, "--repeat", str(repeat or usual), *arguments, "--json", str(new)])
    first, *lines = new.read_text().splitlines()
    environment = json.loads(first)["environment"]
    environment |= {
        "revision": revision(),
        "load_before": load_before,
        "absent": [engine for engine in engines.split(",") if not here[engine]],
    }
    new.write_text("\n".join([json.dumps({"environment": environment}), *lines]) + "\n")
    new.rename(raw)


class Suite:
    """The raw results of one suite."""

    def __init__(self, name, raw):
        self.name = name
        first, *lines = [json.loads(line) for line in raw.read_text().splitlines()]
        self.environment, self.lines = first["environment"], lines
        self.runs = max(collections.Counter((line["engine"], line["workload"]) for line in lines).values())

    def median(self, engine, workload, field):
        values = [line[field] for line in self.lines if (line["engine"], line["workload"]) == (engine, workload)]
        return statistics.median(values) if values and None not in values else None

    def ratio(self, other, workload, field):
        mine, theirs = self.median("nacre", workload, field), self.median(other, workload, field)
        return mine / theirs if mine and theirs else None

    def words(self):
        environment = self.environment
        told = f"Told to use {environment['memory_budget'] / 2**20:,.0f} MiB of memory."
        absent = f" Not there: {', '.join(environment['absent'])}." if environment["absent"] else ""
        walked = "not walked over" if "--no-verify" in environment["command"] else "walked over and compared"
        return (f"{SUITES[self.name][0]}. {told} {self.runs} run{'s' if self.runs > 1 else ''} of each engine, {environment['date']}, "
                f"revision {environment['revision']}; what was written was {walked}.{absent}\n\n"
                f"    ./x results --suites {self.name} --repeat {self.runs}")


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


def targets_of(suites):
    rows = ["| suite | workload | figure | beside | wanted | measured | |", "|---|---|---|---|---|---|---|"]
    for name, workload, field, other, wanted, words in TARGETS:
        ratio = suites[name].ratio(other, workload, field) if name in suites else None
        if ratio is None:
            continue
        met = ratio >= wanted if field == "rate" else ratio <= wanted
        what = FIGURES[field] + (f", {words}" if words else "")
        sign = ">=" if field == "rate" else "<="
        rows.append(f"| {name} | {workload} | {what} | {other} | {sign} {wanted} | {ratio:.2f} | {'met' if met else '**not met**'} |")
    return "\n".join(rows)


def check_one_machine(suites):
    for field in ("processor", "cores", "kernel", "compiler"):
        if len({suite.environment[field] for suite in suites}) != 1:
            sys.exit(f"the results of the suites are of more than one machine: they differ in \"{field}\". Run all of them on this one.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="nacre-bench")
    parser.add_argument("--repeat", type=int, help="runs of each engine; by default what the suite says")
    parser.add_argument("--suites", default=",".join(SUITES), help="which ones to run; the others keep their results")
    parser.add_argument("--tables", action="store_true", help="no run")
    chosen = parser.parse_args()
    chosen.program = pathlib.Path(chosen.program).resolve()
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)  # the command stands in the results: no path of this machine in it
    raws = {name: pathlib.Path("bench/results") / f"{name}.jsonl" for name in SUITES}
    raws["standard"].parent.mkdir(exist_ok=True)
    for name in () if chosen.tables else chosen.suites.split(","):
        measure(chosen.program, name, chosen.repeat, raws[name])

    suites = {name: Suite(name, raw) for name, raw in raws.items() if raw.exists()}
    check_one_machine(suites.values())
    parts, losses = [], []
    of_entries, versions = {}, {}  # in their order
    for name, suite in suites.items():
        of_entries.update({line["workload"]: True for line in suite.lines if line["counted"] == "entries"})
        versions.update({line["engine"]: line["version"] for line in suite.lines})
        page = ["--html", "docs/benchmarks.html"] if name == "standard" else []
        tables = tables_of(chosen.program, raws[name], *page)
        parts.append(f"## {name}\n{suite.words()}\n\n{tables}\n")
        if found := losses_of(tables):
            losses.append(f"{name}: {', '.join(found)}")
    environment = dict(next(iter(suites.values())).environment)
    environment["memory"] = environment["memory"] / 2**30
    where = "Where Nacre is the slower one: " + "; ".join(losses) + "." if losses else "Nacre is nowhere the slower one."
    head = HEAD.format(versions="\n".join(f"- {v}" for v in versions.values()), losses=where, entries=", ".join(of_entries),
                       targets=targets_of(suites), **environment)
    pathlib.Path("bench/RESULTS.md").write_text(head + "\n" + "\n".join(parts))


main()
