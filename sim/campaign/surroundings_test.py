#!/usr/bin/env python3
"""The same seeds in other surroundings must take the same way, step by step.

  surroundings_test.py NACRE-SIM [ARGS of a campaign]

What differs between machines, users and days must not enter a trace: addresses, how the heap lies, what fresh memory holds, cores,
the vector instructions that the C library picks, environment, locale, time zone, working directory, limits.
Two campaigns of the same seeds, one after the other, also differ in the real time they see.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

LINE = re.compile(r"^seed (\d+): (.*)$", re.M)

# name: (command in front, variables)
SURROUNDINGS = {
    "as it is": ([], {}),
    "addresses that are not random": (["setarch", "-R"], {}),
    "one core": (["taskset", "-c", "0"], {}),
    "a large environment, other words and time": ([], {
        "NACRE_FILLER": "x" * 100_000, "LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Chatham", "HOME": "/nonexistent"}),
    "garbage in fresh memory": ([], {"MALLOC_PERTURB_": "90"}),
    "a heap of mappings": ([], {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_MMAP_MAX_": "100000000", "MALLOC_TOP_PAD_": "0"}),
    "no caches of small blocks, one arena": ([], {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"}),
    "a C library without wide vectors": ([], {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-BMI2,-SSSE3,-SSE4_1,-SSE4_2"}),
    "few descriptors and a small stack": (["prlimit", "--nofile=32", "--stack=262144"], {}),
}


def lines_of(program, arguments, front, variables):
    with tempfile.TemporaryDirectory() as elsewhere:
        ended = subprocess.run(
            front + [program, *arguments, "--each", "--gate", "0"], env=dict(os.environ, **variables), cwd=elsewhere,
            capture_output=True, text=True, check=False)
    seeds = dict(LINE.findall(ended.stdout))
    if ended.returncode != 0 or not seeds:
        print(f"exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
        sys.exit(1)
    return seeds


def main():
    program, arguments = os.path.abspath(sys.argv[1]), sys.argv[2:] or ["--seeds", "1..20"]
    expected, different = None, 0
    for name, (front, variables) in SURROUNDINGS.items():
        if front and (shutil.which(front[0]) is None or subprocess.run([*front, "true"], check=False).returncode != 0):
            print(f"SKIPPED: {name}: {front[0]} does not work here")
            continue
        seeds = lines_of(program, arguments, front, variables)
        expected = expected or seeds
        wrong = [seed for seed in expected if seeds.get(seed) != expected[seed]]
        print(f"{name}: {len(seeds)} seeds, {len(wrong)} went another way")
        for seed in wrong:
            print(f"  seed {seed}: {expected[seed]}\n       here: {seeds.get(seed)}")
        different += len(wrong)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
