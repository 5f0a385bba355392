#!/usr/bin/env python3
"""Tests of the machinery that runs mutants; no engine is built."""

import contextlib
import io
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import mutant
import run
import scratch_tree
import suites

PATCH = """Title: An end is inclusive
Floor: base
Class: order
Sees: the key behind
  a range is gone
Suite: sim
Bound: 100 seeds

diff --git a/src/base/a.cc b/src/base/a.cc
--- a/src/base/a.cc
+++ b/src/base/a.cc
@@ -1,5 +1,5 @@
 one
 two
-a < b
+a <= b
 four
 five
"""
SOURCE = "one\ntwo\na < b\nfour\nfive\n"


class HeaderTest(unittest.TestCase):
    def test_reads_all_fields(self):
        read = mutant.parse("m", PATCH)
        self.assertEqual(read.title, "An end is inclusive")
        self.assertEqual(read.sees, "the key behind a range is gone")
        self.assertEqual((read.bound.number, read.bound.unit), (100, "seeds"))
        self.assertEqual(read.files, ("src/base/a.cc",))

    def test_refuses_what_is_not_whole(self):
        for old, new in [("Title: An end is inclusive\n", ""), ("Floor: base", "Floor: cellar"), ("100 seeds", "a while"),
                         ("Class:", "Klass:"), ("Suite: sim", "Suite: sim\nSuite: sim"), ("Bound", "Expect: (\nBound"),
                         ("diff --git", "diff")]:
            with self.subTest(new=new), self.assertRaises(mutant.BadMutant):
                mutant.parse("m", PATCH.replace(old, new))

    def test_refuses_to_mutate_what_judges(self):
        with self.assertRaisesRegex(mutant.BadMutant, "the product"):
            mutant.parse("m", PATCH.replace("src/base/a.cc", "sim/campaign.cc"))


class SuiteTest(unittest.TestCase):
    def test_names(self):
        self.assertEqual(suites.parse_suite("sim").arguments[:2], ("--workload", "engine"))
        self.assertEqual(suites.parse_suite("sim:history/hot").arguments[:2], ("--workload", "history"))
        self.assertEqual(suites.parse_suite("sim:history/hot").arguments[-2:], ("--profile", "hot"))
        self.assertEqual(suites.parse_suite("asan/wal_test:Wal.*").arguments, ("--gtest_filter=Wal.*",))
        for unknown in ("simm", "tsan/fuzz:block", "dev/fuzz:"):
            with self.assertRaises(suites.UnknownSuite):
                suites.parse_suite(unknown)
        with self.assertRaises(suites.UnknownSuite):
            suites.parse_suite("dev/wal_test", mutant.Bound(3, "seeds"))

    def test_a_replay_is_of_the_corpus_of_its_own_tree(self):
        with tempfile.TemporaryDirectory() as place:
            build = pathlib.Path(place, "build/asan")
            build.mkdir(parents=True)
            (build / "nacre-fuzz-replay").touch()
            suite = suites.parse_suite("asan/fuzz:block", mutant.Bound(60, "seconds"))
            self.assertEqual((suite.preset, suite.target), ("asan", "nacre-fuzz-replay"))
            corpus = str(pathlib.Path(place, "fuzz/corpus/block"))
            self.assertEqual(suite.command(build, mutant.Bound(60, "seconds")),
                             [str(build / "nacre-fuzz-replay"), "block", corpus])

    def test_words_of_a_failed_seed(self):
        verdict = suites.read_verdict(1, "seed 7: failed, 12 steps\nk/1 is missing\nreplay: x 7\n1 seeds, 1 failed\n")
        self.assertEqual(verdict, suites.Verdict(True, "seed 7: failed, k/1 is missing"))

    def test_words_of_a_failed_test(self):
        verdict = suites.read_verdict(1, "[ RUN      ] A.B\n[  FAILED  ] A.B (3 ms)\n")
        self.assertEqual(verdict, suites.Verdict(True, "test A.B"))

    def test_words_of_a_failed_trial(self):
        self.assertEqual(suites.parse_suite("sweep:cuts").target, "nacre-sweep")
        verdict = suites.read_verdict(1, "cuts 12, power cut after 7: 3 commits are lost\nreplay: x cuts --only 12\n")
        self.assertEqual(verdict, suites.Verdict(True, "cuts 12: power cut after 7: 3 commits are lost"))
        verdict = suites.read_verdict(1, "errors 3, EIO: no order\n  thread 1 runs\nreplay: x errors --only 3\n")
        self.assertEqual(verdict.words, "errors 3: EIO: no order")

    def test_a_signal_is_a_kill(self):
        verdict = suites.read_verdict(-6, "CHECK failed: x\nnacre-sim: crashed in seed 8\n")
        self.assertEqual(verdict, suites.Verdict(True, "seed 8: crash, SIGABRT, CHECK failed: x"))
        self.assertEqual(suites.read_verdict(-11, "").words, "crash, SIGSEGV")

    def test_passing_and_senseless_ends(self):
        self.assertFalse(suites.read_verdict(0, "3 seeds, 0 failed").failed)
        self.assertFalse(suites.read_verdict(2, "usage: nacre-sim").sound)
        self.assertFalse(suites.read_verdict(1, "no such file").sound)


class JudgementTest(unittest.TestCase):
    def test_only_what_is_expected_kills(self):
        lost = suites.Verdict(True, "seed 3: failed, commits are lost")
        self.assertTrue(run.judge(lost, "")[1])
        self.assertTrue(run.judge(lost, "are lost")[1])
        self.assertFalse(run.judge(lost, "damage")[1])
        self.assertFalse(run.judge(suites.Verdict(False, ""), "")[1])
        self.assertFalse(run.judge(suites.Verdict(False, "ended with 2", sound=False), "")[1])

    def test_a_hang_kills_only_if_it_is_the_symptom(self):
        hang = suites.Verdict(True, "hang: no end within the bound")
        self.assertFalse(run.judge(hang, "")[1])
        self.assertTrue(run.judge(hang, "hang")[1])


class ScratchTreeTest(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.source = pathlib.Path(self.place.name, "source")
        (self.source / "src/base").mkdir(parents=True)
        (self.source / "src/base/a.cc").write_text(SOURCE)
        (self.source / "src/base/b.cc").write_text("b")
        subprocess.run(["git", "init", "-q", str(self.source)], check=True)
        self.patch = pathlib.Path(self.place.name, "m.patch")
        self.patch.write_text(PATCH)
        # Inside another repository on purpose: there git apply passes over files that it thinks are not its own.
        subprocess.run(["git", "init", "-q", self.place.name], check=True)
        self.tree = scratch_tree.ScratchTree(self.source, pathlib.Path(self.place.name, "copy"), 1)
        self.tree.refresh()

    def test_applies_to_the_copy_only(self):
        self.tree.apply(self.patch)
        self.assertIn("a <= b", (self.tree.root / "src/base/a.cc").read_text())
        self.assertEqual((self.source / "src/base/a.cc").read_text(), SOURCE)
        self.tree.restore(["src/base/a.cc"])
        self.assertEqual((self.tree.root / "src/base/a.cc").read_text(), SOURCE)

    def test_a_restored_file_is_newer_than_what_was_built_of_the_mutant(self):
        os.utime(self.source / "src/base/a.cc", (1, 1))
        self.tree.apply(self.patch)
        built = time.time()
        self.tree.restore(["src/base/a.cc"])
        self.assertGreaterEqual((self.tree.root / "src/base/a.cc").stat().st_mtime, built - 0.01)

    def test_refreshing_touches_what_differs_only(self):
        before = (self.tree.root / "src/base/b.cc").stat().st_mtime_ns
        (self.source / "src/base/a.cc").write_text("other")
        (self.source / "src/base/c.cc").write_text("new")
        self.tree.refresh()
        self.assertEqual((self.tree.root / "src/base/b.cc").stat().st_mtime_ns, before)
        self.assertEqual((self.tree.root / "src/base/a.cc").read_text(), "other")
        self.assertTrue((self.tree.root / "src/base/c.cc").is_file())

    def test_a_patch_that_does_not_fit_is_an_error(self):
        self.assertEqual(scratch_tree.check_applies(self.source, self.patch), "")
        (self.source / "src/base/a.cc").write_text(SOURCE.replace("a < b", "a < c"))
        self.assertNotEqual(scratch_tree.check_applies(self.source, self.patch), "")
        self.tree.refresh()
        with self.assertRaises(scratch_tree.DoesNotApply):
            self.tree.apply(self.patch)

    def test_context_that_changed_is_an_error(self):
        (self.source / "src/base/a.cc").write_text("uno\ndos\na < b\ncuatro\nfive\n")
        self.assertNotEqual(scratch_tree.check_applies(self.source, self.patch), "")


class CommandTest(unittest.TestCase):
    def test_a_name_that_is_no_mutant_is_wrong_usage(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(run.main(["no-such-mutant"]), 2)

    def test_a_list_builds_nothing(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(run.main(["--list"]), 0)
        self.assertGreater(len(out.getvalue().splitlines()), 2)


if __name__ == "__main__":
    unittest.main()
