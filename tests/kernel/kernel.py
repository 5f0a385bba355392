#!/usr/bin/env python3
"""Campaigns on the real kernel; `./x kernel` runs this. See README.md beside it.

  kernel.py [cuts | kills | full | readonly | all] [--rounds N] [--seed S]

Exit code 0: all promises held; 1: one did not; 2: wrong usage; 77: this machine cannot play it, and the reason is printed.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys

import cuts
from oracle import Violation
from stage import Unavailable, enter_own_mounts

SKIPPED = 77
DEFAULT_ROUNDS = 1000  # of cuts and of kills
DEVICES = {"full": "*Full*", "readonly": "ReadOnlyDevice.*"}  # the test cases of device_test.cc


def programs():
    place = pathlib.Path(os.environ.get("NACRE_KERNEL_PROGRAMS", "build/dev"))
    found = {
        "writer": place / "tests/kernel/nacre-kernel-writer",
        "cut_device": place / "tests/kernel/nacre-cut-device",
        "tool": place / "nacre",
        "device_test": place / "tests/kernel/kernel_device_test",
    }
    missing = [str(path) for path in found.values() if not path.exists()]
    if missing:
        raise Unavailable(f"not built: {', '.join(missing)}")
    return {name: str(path) for name, path in found.items()}


def say(words):
    print(words, flush=True)


def play(name, rounds, seed):
    """Runs the campaigns of a name; their exit codes."""
    if name in DEVICES:
        done = subprocess.run([programs()["device_test"], f"--gtest_filter={DEVICES[name]}"])
        return [1 if done.returncode else 0]
    codes = []
    plays = cuts.PLAYS[name]
    for make in plays:
        try:
            cuts.campaign(make, max(1, rounds // len(plays)), seed, programs(), say)
            codes.append(0)
        except Unavailable as reason:
            say(f"SKIPPED, and so not tested on this machine: {name}: {reason}")
            codes.append(SKIPPED)
        except Violation as violation:
            say(f"VIOLATION in {name}: {violation}\nreplay (the instants differ): ./x kernel {name} --rounds {rounds} --seed {seed}")
            codes.append(1)
    return codes


def main():
    parser = argparse.ArgumentParser(prog="./x kernel")
    parser.add_argument("what", nargs="?", default="all", choices=[*cuts.PLAYS, *DEVICES, "all"])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    say(f"seed {arguments.seed}")
    try:
        enter_own_mounts()
    except Unavailable as reason:
        say(f"SKIPPED, and so not tested on this machine: {reason}")
        return SKIPPED
    names = [*cuts.PLAYS, *DEVICES] if arguments.what == "all" else [arguments.what]
    codes = [code for name in names for code in play(name, arguments.rounds or DEFAULT_ROUNDS, arguments.seed)]
    return 1 if 1 in codes else SKIPPED if SKIPPED in codes else 0


if __name__ == "__main__":
    sys.exit(main())
