#!/usr/bin/env python3
"""./x mutants: plants each bug of this folder into a copy of the tree and demands that its suite notices.

  ./x mutants [NAME...] [--suite SUITE] [--list] [--check] [--jobs N] [--work DIRECTORY]

A NAME may hold * and ?. Prints a table; ends with 0 if every mutant was killed, 1 if one survived or is no good (it does
not apply, does not compile, its suite says something else than is expected), 2 for wrong usage. How: README.md.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import sys
import tempfile
import time

import mutant as mutants_of
import scratch_tree
import suites

FOLDER = pathlib.Path(__file__).resolve().parent
CHECKOUT = FOLDER.parent.parent
WORDS_AT_MOST = 110  # of a suite, in the table


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="./x mutants", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; may hold * and ?")
    parser.add_argument("--suite", help="only those of a suite, e.g. sim or dev/wal_test")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument("--check", action="store_true", help="only check that all are well formed and apply")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="of the compiler")
    parser.add_argument("--work", type=pathlib.Path, help="where the copy of the tree is made, and kept for the next time")
    return parser.parse_args(arguments)


def chosen(mutants, request):
    for mutant in mutants:
        wanted = not request.names or any(fnmatch.fnmatch(mutant.name, name) for name in request.names)
        if wanted and (not request.suite or mutant.suite == request.suite):
            yield mutant


def row(*columns):
    print("| " + " | ".join(str(column) for column in columns) + " |", flush=True)


def shortened(words):
    return (words if len(words) <= WORDS_AT_MOST else words[:WORDS_AT_MOST] + "...").replace("|", "/")


def list_all(mutants):
    row("mutant", "floor", "class", "like", "suite", "bound", "what a user sees")
    row(*["---"] * 7)
    for mutant in mutants:
        row(mutant.name, mutant.floor, mutant.bug_class, mutant.like, mutant.suite, mutant.bound, mutant.sees)


def check_all(mutants, bad, root=CHECKOUT):
    """Without building anything: every patch is well formed, names a suite, and fits the tree."""
    problems = [(name, reason) for name, reason in bad]
    for mutant in mutants:
        try:
            suites.parse_suite(mutant.suite, mutant.bound)
        except suites.UnknownSuite as error:
            problems.append((mutant.name, str(error)))
        if reason := scratch_tree.check_applies(root, mutant.path):
            problems.append((mutant.name, reason))
    for name, reason in problems:
        print(f"{name}: {reason}")
    print(f"{len(mutants) + len(bad)} mutants, {len(problems)} problems")
    return not problems


def judge(verdict, expect):
    """How a mutant fared: its result and whether that is a kill."""
    if not verdict.sound:
        return f"ERROR: {verdict.words}", False
    if not verdict.failed:
        return "SURVIVED", False
    if verdict.words.startswith("hang") and not expect:
        return f"ERROR: {verdict.words}; if that is its symptom, the header must expect it", False
    if expect and not re.search(expect, verdict.words):
        return f"ERROR: expected /{expect}/, got {verdict.words}", False
    return verdict.words, True


def baselines(tree, mutants):
    """Runs every suite on the sound tree, to the largest bound that a mutant gives it; what does not pass kills nothing."""
    bounds = {}
    for mutant in mutants:
        if mutant.suite not in bounds or bounds[mutant.suite].number < mutant.bound.number:
            bounds[mutant.suite] = mutant.bound
    unsound = set()
    for name, bound in bounds.items():
        result, seconds = "passed", 0
        try:
            verdict, seconds = run_suite(tree, suites.parse_suite(name, bound), bound)
            if verdict.failed or not verdict.sound:
                result = f"ERROR: {verdict.words}"
        except scratch_tree.DoesNotBuild as error:
            result = f"ERROR: does not build: {error}"
        if result != "passed":
            unsound.add(name)
        row("(sound tree)", "", "", name, shortened(result), bound, f"{seconds:.1f} s")
    return unsound


def run_suite(tree, suite, bound):
    """Builds what the suite needs and runs it: the verdict, and the seconds that the run took."""
    tree.build(suite.preset, suite.target)
    began = time.monotonic()
    verdict = suites.run(suite, tree.build_directory(suite.preset), bound, tree.environment)
    return verdict, time.monotonic() - began


def try_mutant(tree, mutant):
    """Result, whether it is a kill, and the seconds that the suite took."""
    try:
        tree.apply(mutant.path)
        verdict, seconds = run_suite(tree, suites.parse_suite(mutant.suite, mutant.bound), mutant.bound)
        return *judge(verdict, mutant.expect), seconds
    except scratch_tree.DoesNotApply as error:
        return f"ERROR: does not apply: {error}", False, 0
    except scratch_tree.DoesNotBuild as error:
        return f"ERROR: does not build: {error}", False, 0
    finally:
        tree.restore(mutant.files)


def run_all(mutants, place, jobs):
    tree = scratch_tree.ScratchTree(CHECKOUT, place, jobs)
    tree.refresh()
    row("mutant", "floor", "class", "suite", "killed by", "bound", "time")
    row(*["---"] * 7)
    unsound = baselines(tree, mutants)
    killed = 0
    for mutant in mutants:
        if mutant.suite in unsound:
            result, good, seconds = "ERROR: the suite fails on the sound tree", False, 0
        else:
            result, good, seconds = try_mutant(tree, mutant)
        killed += good
        row(mutant.name, mutant.floor, mutant.bug_class, mutant.suite, shortened(result), mutant.bound, f"{seconds:.1f} s")
    print(f"{len(mutants)} mutants, {killed} killed, {len(mutants) - killed} not")
    return killed == len(mutants)


def main(arguments):
    request = parse_arguments(arguments)
    mutants, bad = mutants_of.load_all(FOLDER)
    if request.check:
        return 0 if check_all(mutants, bad) else 1
    wanted = list(chosen(mutants, request))
    if not wanted:
        print("no mutant of that name or suite", file=sys.stderr)
        return 2
    if request.list:
        list_all(wanted)
        return 0
    if bad:
        return 0 if check_all(mutants, bad) else 1
    if request.work:
        request.work.mkdir(parents=True, exist_ok=True)
        return 0 if run_all(wanted, request.work, request.jobs) else 1
    with tempfile.TemporaryDirectory(prefix="nacre-mutants-") as place:
        return 0 if run_all(wanted, place, request.jobs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
