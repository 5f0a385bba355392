#!/usr/bin/env python3
"""nacre-bench as a person uses it: every workload on every engine that is there, the files it writes, the comparison.

NACRE_BENCH names the program. What is checked is that the figures are there and fit together, not how high they are.
"""

import csv
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/tool"))
import browser  # noqa: E402

BENCH = os.environ.get("NACRE_BENCH", "build/release/nacre-bench")
TINY = ["--n", "1000", "--memory-mib", "64"]
SYNCED = {"lmdb"}  # every commit of theirs waits for the disk
FEW = "fillseq,filluniquerandom,readrandom,readmissing,multiget,seekrandom,seekreverse,readseq,readreverse,deleterandom,ts-scan,ts-expire"
VOID_TAGS = {"meta", "br", "link", "img", "input", "hr"}


def run(*arguments, code=0):
    done = subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=900)
    if done.returncode != code:
        raise AssertionError(f"{' '.join(arguments)}: ended with {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


def catalogue():
    """The engines that this build has, those that it has not, and the workloads."""
    present, absent, workloads = [], [], []
    place = None
    for line in run("--list").stdout.splitlines():
        if not line.startswith(" "):
            place = line
        elif place == "Workloads:":
            workloads.append(line.split()[0])
        else:
            (absent if "left out, needs" in line else present).append(line.split()[0])
    return present, absent, workloads


PRESENT, ABSENT, WORKLOADS = catalogue()


class Page(html.parser.HTMLParser):
    """Whether every tag that opens closes, in order; and what the page would load."""

    def __init__(self):
        super().__init__()
        self.open, self.loads, self.data, self.wrong = [], [], "", []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.loads += [attributes[name] for name in ("src", "href") if name in attributes]
        if tag not in VOID_TAGS:
            self.open.append((tag, attributes.get("id")))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.wrong.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == ("script", "results"):
            self.data += data


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="nacre-bench-test-")
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def file(self, name):
        return str(self.path / name)

    def lines(self, name):
        return [json.loads(line) for line in (self.path / name).read_text("utf-8").splitlines()]

    def check_line(self, line):
        self.assertGreater(line["rate"], 0, line)
        self.assertGreater(line["operations"], 0, line)
        self.assertGreaterEqual(line["entries"], line["operations"] if line["counted"] == "entries" else 0)
        self.assertEqual(line["found"], line["expected"], line)
        self.assertLessEqual(line["p50_us"], line["p99_us"])
        self.assertLessEqual(line["p99_us"], line["p999_us"])
        self.assertLessEqual(line["p999_us"], line["max_us"])
        self.assertLessEqual(line["settle_seconds"], line["seconds"])
        self.assertEqual(line["latency_curve"][-1][0], 1)
        if "/" not in line["workload"]:  # the whole process's, with the first crew
            self.assertGreater(line["cpu_s_per_million"], 0)
            self.assertGreater(line["rss_peak"], 1 << 20)
            self.assertGreaterEqual(line["page_cache"], 0)
            self.assertGreater(line["process_written"] + 1, 0)

    def test_every_engine_runs_every_workload(self):
        for engine in PRESENT:
            with self.subTest(engine=engine):
                only = ["--workloads", FEW] if engine in SYNCED else []
                done = run("--engine", engine, *TINY, *only, "--dir", self.file("db"))
                lines = [json.loads(line) for line in done.stdout.splitlines()]
                for line in lines:
                    self.check_line(line)
                    self.assertEqual(line["engine"], engine)
                    self.assertTrue(line["version"].startswith(engine.split("-")[0]), line["version"])
                wanted = FEW.split(",") if engine in SYNCED else WORKLOADS
                if engine == "lmdb-nosync":
                    self.assertIn("fillsync: left out", done.stderr)
                    wanted = [name for name in wanted if not name.startswith("fillsync")]
                self.assertEqual([line["workload"] for line in lines if "/" not in line["workload"]], wanted)
                self.assertFalse(any((self.path / "db").iterdir()), "the store is not removed")

    def test_files_hold_the_same_results(self):
        run("--engine", "nacre", *TINY, "--workloads", "fillrandom,overwrite,readwhilewriting", "--dir", self.file("db"),
            "--json", self.file("r.jsonl"), "--csv", self.file("r.csv"), "--html", self.file("r.html"))
        first, *lines = self.lines("r.jsonl")
        for name in ("date", "processor", "kernel", "file_system", "command", "seed", "timing_ns"):
            self.assertTrue(first["environment"][name], name)
        self.assertEqual([line["workload"] for line in lines],
                         ["fillrandom", "readwhilewriting", "readwhilewriting/writer", "overwrite"])
        rows = list(csv.DictReader((self.path / "r.csv").read_text("utf-8").splitlines()))
        self.assertEqual(len(rows), len(lines))
        for row, line in zip(rows, lines):
            self.assertEqual(row["workload"], line["workload"])
            for name in row:
                if isinstance(line.get(name), (int, float)):
                    self.assertAlmostEqual(float(row[name]), line[name], delta=1e-9 * abs(line[name]), msg=name)
                elif line.get(name, "") is None:
                    self.assertEqual(row[name], "", name)
        self.assertEqual(self.page("r.html")["results"], lines)

    def page(self, name):
        text = (self.path / name).read_text("utf-8")
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual((page.open, page.wrong), ([], []), "tags do not match")
        self.assertEqual(page.loads, [], "the page loads something")
        self.assertNotIn("url(", text)
        self.assertNotIn("@import", text)
        return json.loads(page.data)

    def test_comparison_takes_turns_and_prints_ratios(self):
        peer = next((engine for engine in ("rocksdb-tuned", "leveldb") if engine in PRESENT), "nacre")
        names = ",".join(dict.fromkeys(["nacre", peer, *ABSENT]))
        done = run("--compare", names, "--repeat", "2", *TINY, "--workloads", "fillseq,readrandom", "--dir", self.file("db"),
                   "--json", self.file("c.jsonl"), "--html", self.file("c.html"))
        for engine in ABSENT:
            self.assertIn(f"left out: {engine}; it needs", done.stderr)
        lines = self.lines("c.jsonl")[1:]
        turns = list(dict.fromkeys((line["round"], line["engine"]) for line in lines))
        self.assertEqual(turns, list(dict.fromkeys((r, e) for r in (1, 2) for e in ("nacre", peer))))
        number = r"[\d.]+"
        spread = rf" {number} \({number}-{number}\) \|"
        if peer != "nacre":
            self.assertIn(f"| nacre / {peer} |", done.stdout)
            self.assertRegex(done.stdout, rf"\| fillseq \|{spread}{spread} {number} \|")
        self.assertRegex(done.stdout, r"\| readrandom \| nacre \| [\d.]+ \w+ \|")
        again = run("--from", self.file("c.jsonl"), "--html", self.file("again.html"))
        self.assertEqual(again.stdout, done.stdout)
        self.assertEqual(self.page("again.html"), self.page("c.html"))
        self.look_at("c.html")

    def look_at(self, name):
        """Where there is a Chromium: the page draws its plots, and no script of it fails."""
        if not browser.program():
            return
        page = browser.Browser(pathlib.Path(self.file(name)).resolve().as_uri())
        try:
            page.wait_for("document.querySelectorAll('svg').length > 0")
            self.assertEqual(page.errors, [])
        finally:
            page.close()

    def test_a_memory_limit_holds_or_is_refused_with_words(self):
        arguments = ["--compare", "nacre", "--repeat", "1", *TINY, "--workloads", "fillseq", "--memory-limit", "256MiB",
                     "--dir", self.file("db"), "--json", self.file("m.jsonl")]
        done = subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=900)
        if done.returncode == 2:
            self.assertRegex(done.stderr, r"--memory-limit")
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        line = self.lines("m.jsonl")[-1]
        self.assertEqual(line["memory_limit"], 256 << 20)
        self.assertLessEqual(line["memory_charged_peak"], 256 << 20)
        self.assertGreater(line["memory_charged_peak"], 1 << 20)

    def test_wrong_usage_is_named(self):
        for arguments, words in [(["--engine", "nothing"], "there is no engine 'nothing'"),
                                 (["--workloads", "fillall"], "there is no workload 'fillall'"),
                                 (["--key-size", "16", "--key-prefix", "12"], "--key-size must be at least"),
                                 (["--engine", "rocksdb-best", "--rocksdb-options", "no_such=1", *TINY, "--dir", self.file("db")],
                                  "rocksdb-options|this build has no")]:
            with self.subTest(arguments=arguments):
                done = run(*arguments, code=2)
                self.assertRegex(done.stdout + done.stderr, re.compile(words))


if __name__ == "__main__":
    unittest.main()
