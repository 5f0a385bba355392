"""Suites: the programs that must notice a mutant, and what they say when they do.

    sim                    the whole engine in the simulator        nacre-sim --workload engine --seeds 1..N
    sim:WORKLOAD           another of its workloads
    sim:WORKLOAD/PROFILE   one of its profiles
    sweep:KIND             one fault at every place of a small life nacre-sweep KIND --quick
    PRESET/PROGRAM         a test program                           build/PRESET/.../PROGRAM
    PRESET/PROGRAM:FILTER  some of its tests                        --gtest_filter=FILTER
    PRESET/fuzz:TARGET     a fuzzer's corpus, seeds and mutations   nacre-fuzz-replay TARGET fuzz/corpus/TARGET
    tool                   the nacre command as a process           tests/tool/tool_test.py

Simulations are bounded by seeds, the others by seconds.
"""

import dataclasses
import re
import signal
import subprocess
import sys

# A seed takes some hundredths of a second; this is where a campaign counts as hung.
SECONDS_A_SEED = 1.5
SECONDS_TO_START = 60
TOOL = "tool"
REPLAY = "nacre-fuzz-replay"
PLACES = ("", "tests", "tests/capi", "tests/kernel", "sim")  # of programs in a build directory

FAILED_SEED = re.compile(r"^seed (\d+): (.*)$", re.M)
DIED_IN_SEED = re.compile(r"crashed in (seed \d+)")
FAILED_TRIAL = re.compile(r"^([a-z]+ \d+), (.*)\n(?:.*\n)*?replay: ", re.M)  # a report may have many lines
FAILED_TEST = re.compile(r"^(?:\[  FAILED  \]|FAIL:|ERROR:) (\S+)", re.M)
BROKEN_CHECK = re.compile(r"^.*(?:CHECK|terminate called|runtime error|AddressSanitizer|ThreadSanitizer).*$", re.M)


class UnknownSuite(Exception):
    """A suite's name that means nothing."""


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    preset: str
    target: str
    arguments: tuple
    by_seeds: bool

    def command(self, build, bound):
        if self.name == TOOL:
            return [sys.executable, "-B", str(build.parent.parent / "tests/tool/tool_test.py")]
        if self.target == REPLAY:
            corpus = build.parent.parent / "fuzz/corpus" / self.arguments[0]
            return [str(find_program(build, REPLAY)), *self.arguments, str(corpus)]
        seeds = ("--seeds", f"1..{bound.number}") if self.by_seeds else ()
        return [str(find_program(build, self.target)), *self.arguments, *seeds]

    def seconds_at_most(self, bound):
        return SECONDS_TO_START + bound.number * SECONDS_A_SEED if self.by_seeds else bound.number


def parse_suite(name, bound=None):
    if name == "sim" or name.startswith("sim:"):
        workload, _, profile = name[4:].partition("/")
        arguments = ["--workload", workload or "engine", "--jobs", "1", "--shrink", "0"]  # which seed fails is enough
        if profile:
            arguments += ["--profile", profile]
        suite = Suite(name, "sim", "nacre-sim", tuple(arguments), True)
    elif name.startswith("sweep:"):
        suite = Suite(name, "sim", "nacre-sweep", (name[6:], "--quick", "--jobs", "1"), False)
    elif name == TOOL:
        suite = Suite(name, "dev", "nacre", (), False)
    elif match := re.fullmatch(r"(dev|asan)/fuzz:(\w+)", name):
        suite = Suite(name, match[1], REPLAY, (match[2],), False)
    else:
        match = re.fullmatch(r"(dev|asan|tsan|sim)/(?!fuzz:)(\w+)(?::(\S+))?", name)
        if not match:
            raise UnknownSuite(f"there is no suite {name!r}")
        arguments = (f"--gtest_filter={match[3]}",) if match[3] else ()
        suite = Suite(name, match[1], match[2], arguments, False)
    if bound and (bound.unit == "seeds") != suite.by_seeds:
        raise UnknownSuite(f"the suite {name} is bounded by {'seeds' if suite.by_seeds else 'seconds'}")
    return suite


def find_program(build, target):
    for place in PLACES:
        if (build / place / target).is_file():
            return build / place / target
    raise FileNotFoundError(f"{target} is not in {build}")


@dataclasses.dataclass(frozen=True)
class Verdict:
    failed: bool  # the suite noticed something
    words: str    # the first of what it said; of a suite that passed, nothing
    sound: bool = True  # it ended as a suite ends: otherwise it proves nothing either way


def read_verdict(code, output):
    """What a finished suite says. `code` is negative for a signal, as subprocess has it; None for one that never ended."""
    if code is None:
        return Verdict(True, "hang: no end within the bound")
    if code == 0:
        return Verdict(False, "")
    if code < 0:
        where, check = DIED_IN_SEED.search(output), BROKEN_CHECK.search(output)
        return Verdict(True, ", ".join([f"{where[1]}: crash" if where else "crash", signal.Signals(-code).name]
                                       + ([check[0].strip()] if check else [])))
    seed = FAILED_SEED.search(output)
    test = FAILED_TEST.search(output)
    trial = FAILED_TRIAL.search(output)
    if seed:
        how = seed[2].split(", ")[0]
        report = output[seed.end():].strip().splitlines()
        return Verdict(True, f"seed {seed[1]}: {how}" + (f", {report[0].strip()}" if report else ""))
    if trial:
        return Verdict(True, f"{trial[1]}: {trial[2]}")
    if test:
        return Verdict(True, f"test {test[1]}")
    check = BROKEN_CHECK.search(output)
    if check:
        return Verdict(True, f"crash: {check[0].strip()}")
    return Verdict(False, f"ended with {code} and no word of a failure: {output.strip()[-200:]!r}", sound=False)


def run(suite, build, bound, environment):
    """Runs a suite to its end or to its bound."""
    if suite.name == TOOL:
        environment = dict(environment, NACRE_TOOL=str(build / suite.target))
    process = subprocess.Popen(suite.command(build, bound), cwd=build, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace")
    try:
        output, _ = process.communicate(timeout=suite.seconds_at_most(bound))
        return read_verdict(process.returncode, output)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return read_verdict(None, "")
