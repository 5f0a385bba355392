#!/usr/bin/env python3
"""Tests of tools/coverage: what it makes of the counts that llvm-cov exports, on a small tree."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("coverage", str(HERE / "coverage"))
coverage = importlib.util.module_from_spec(importlib.util.spec_from_loader("coverage", loader))
loader.exec_module(coverage)

CODE = """\
int f(int a, int b) {
  if (a > b) a++;
  NACRE_TRY(g(a));
  NACRE_TRY(g(b));
  NACRE_CHECK(a > 0 && b > 0);
  NACRE_DCHECK(a == 0 || b > 0);
}
bool operator==(const P&, const P&) = default;
switch (colour) {
  case Colour::kRed: return 1;
  case Colour::kBlue: return 2;
}
switch (number) {
  case kOne: return 1;
}
"""
MAIN, TRY, OTHER_TRY, CHECK, DCHECK, INNER_CHECK = range(6)  # numbers of files and of expansions


def branch(line, column, if_true, if_false, file_id=MAIN):
    return [line, column, line, column + 1, if_true, if_false, file_id, 0, 4]


def expansion(line, column, of, in_file=MAIN):
    return [line, column, line, column + 9, 1, in_file, of, coverage.EXPANSION_REGION]


class CoverageTest(unittest.TestCase):
    def setUp(self):
        self.tree = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.tree.name)
        (self.root / "src").mkdir()
        (self.root / "src" / "f.cc").write_text(CODE)
        self.reached = coverage.Reached(coverage.Source(self.root))

    def tearDown(self):
        self.tree.cleanup()

    def add(self, branches, expansions=(), file="src/f.cc"):
        filenames = [str(self.root / file)] + [str(self.root / "src/base/result.h")] * 5
        self.reached.add({"filenames": filenames, "regions": list(expansions), "branches": branches})

    def outcomes(self, line):
        """(outcome, taken) of the conditions of a line, in their order."""
        return [(key[-1], taken) for key, taken in self.reached.branches["src/f.cc"].items() if key[0] == line]

    def test_a_condition_has_two_outcomes(self):
        self.add([branch(2, 7, 5, 0)])
        self.assertEqual(self.outcomes(2), [(True, True), (False, False)])

    def test_instances_of_a_template_are_one_place(self):
        self.add([branch(2, 7, 5, 0)])
        self.add([branch(2, 7, 0, 1)])
        self.assertEqual(self.outcomes(2), [(True, True), (False, True)])

    def test_each_use_of_a_macro_counts(self):
        self.add([branch(12, 67, 0, 3, TRY), branch(12, 67, 1, 3, OTHER_TRY)],
                 [expansion(3, 3, TRY), expansion(4, 3, OTHER_TRY)])
        self.assertEqual(self.outcomes(3), [(True, False), (False, True)])
        self.assertEqual(self.outcomes(4), [(True, True), (False, True)])

    def test_a_check_that_fails_and_each_part_that_makes_it_fail_are_left_out(self):
        self.add([branch(13, 4, 9, 0, CHECK), branch(13, 24, 9, 0, CHECK), branch(13, 24, 9, 0, CHECK)],
                 [expansion(5, 3, CHECK)])
        self.assertEqual(self.outcomes(5), [(True, True)] * 3)
        self.assertEqual(len(self.reached.checks), 3)

    def test_an_alternative_of_a_check_is_counted(self):
        self.add([branch(13, 4, 9, 0, INNER_CHECK), branch(13, 24, 9, 0, INNER_CHECK), branch(13, 24, 0, 0, INNER_CHECK)],
                 [expansion(6, 3, DCHECK), expansion(19, 33, INNER_CHECK, in_file=DCHECK)])
        self.assertEqual(self.outcomes(6), [(True, True), (True, True), (False, False), (True, False)])
        self.assertEqual(len(self.reached.checks), 2)

    def test_what_the_compiler_writes_is_left_out(self):
        self.add([branch(8, 45, 3, 0), branch(9, 9, 0, 2), branch(13, 9, 0, 2)])
        self.assertEqual(self.outcomes(8) + self.outcomes(9), [])
        self.assertEqual(self.outcomes(13), [(True, False), (False, True)])  # numbers may be others
        self.assertEqual(len(self.reached.compilers), 2)

    def test_tests_are_not_counted(self):
        for file in ("src/f_test.cc", "src/wal/log_fixture.h", "src/os/testing.h", "tests/f.cc"):
            self.add([branch(2, 7, 5, 0)], file=file)
        self.assertEqual(self.reached.branches, {})


if __name__ == "__main__":
    unittest.main()
