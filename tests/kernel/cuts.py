"""Power cuts and kills of the writer, round after round on the same database.

A round of cuts: mount (the journal recovers), sometimes read only, then a writer until the power goes - at an instant, after some
commits, or, where the device can count, at any write, those of mount and recovery included. Then unmount and power on again.
"""

import pathlib
import random
import time

from lives import End, Evidence, Life
from oracle import SURVIVES_CUT, SURVIVES_KILL, Oracle, Violation
from stage import CacheDisk, Scratch, ShutdownDisk
from tool_kills import ToolKills

ROUNDS_A_DATABASE = 50
JOURNAL_MODES = ("data=ordered", "data=writeback")  # data=journal ends in a bug of some kernels when it is shut down


class Campaign:
    """What both kinds have in common: one database, its oracle, its lives."""

    def __init__(self, programs, seed, scratch):
        self.programs, self.scratch = programs, pathlib.Path(scratch)
        self.random = random.Random(seed)
        self.oracle = Oracle()
        self.evidence = Evidence(self.scratch)
        self.crash = SURVIVES_CUT
        self.life = None
        self.story = []  # how the lives ended, for whoever looks into a violation
        self.in_open = 0

    def begin_life(self, mode="create"):
        self.evidence.take(self.database)
        check = "check" if self.random.random() < 0.1 else "trust"
        writer = [self.programs["writer"], str(self.database), "{pipe}", str(self.random.getrandbits(32)), mode, check]
        self.life = Life(self.oracle, writer, self.crash)
        return self.life

    def some_end(self, act):
        if self.random.random() < 0.3:
            return End(act, delay=0.08 * self.random.random() ** 2)
        return End(act, commits=self.random.choice((1, 30, 300, 900, 3000)) * self.random.random())

    def killed_life(self):
        life = self.begin_life()
        life.live(self.some_end(Life.kill))
        life.finish()
        life.judge_words(device_died=False)
        self.count_end(life)
        self.story.append("killed" if self.oracle.opened else "killed in its open")
        if self.oracle.opened:  # else what came before it is still to be survived
            self.crash = SURVIVES_KILL

    def closed_life(self):
        life = self.begin_life()
        life.live(End(Life.terminate, commits=1 + self.random.randrange(300)))  # it is up, and will hear the signal
        life.wait()
        life.judge_words(device_died=False)
        if self.oracle.closed is None:
            raise Violation("the writer ended without a word")
        self.story.append("closed")

    def count_end(self, life):
        self.in_open += not self.oracle.opened

    def reading_life(self):
        life = self.begin_life("read-only")
        life.wait()
        if self.oracle.open_error and self.oracle.open_error.startswith("not-found") and not any(self.oracle.settled):
            self.oracle.open_error = None  # cut before there was one
        life.judge_words(device_died=False)


class Cuts(Campaign):
    def __init__(self, disk, programs, seed, scratch):
        super().__init__(programs, seed, scratch)
        self.disk = disk(self.scratch, programs["cut_device"], self.random)
        self.database = self.disk.where / "db"
        self.in_mount = self.cuts = 0

    def mount(self):
        """True if the file system is there; the power may go while it is mounted."""
        armed = self.random.random() < 0.25 and self.disk.arm(self.random.randrange(1, 120))
        options = [self.random.choice(JOURNAL_MODES)] + self.random.choice(([], ["nodelalloc"], ["journal_checksum"]))
        try:
            self.disk.mount(",".join(options))
        except OSError:
            if not armed or not self.disk.was_cut:
                raise
            self.in_mount += 1
            self.cuts += 1
            return False
        return True

    def round(self):
        if not self.mount():
            return self.disk.power_on()
        try:
            self.lives()
        finally:
            self.life.bury()
            self.disk.unmount()
        self.disk.power_on()
        self.crash = SURVIVES_CUT

    def lives(self):
        if not self.disk.was_cut:
            what = self.random.random()
            if what < 0.15:
                self.undisturbed(self.reading_life)
            elif what < 0.3:
                self.undisturbed(self.killed_life)
            elif what < 0.36:
                self.undisturbed(self.closed_life)
        self.cut_life()

    def undisturbed(self, life):
        self.disk.arm(0)
        if not self.disk.was_cut:
            life()

    def cut_life(self):
        if not self.disk.was_cut and self.random.random() < 0.5:
            self.disk.arm(self.random.choice((20, 100, 400)) * self.random.randrange(1, 11) // 10)
        life = self.begin_life()
        life.live(self.some_end(lambda _: None))
        if not self.disk.was_cut:
            self.disk.cut()
        life.finish(linger=self.random.choice((0, 0, 0.02, 0.2)))
        self.cuts += 1
        self.count_end(life)
        self.story.append(f"cut after {life.commits} commits" if self.oracle.opened else "cut in its open")
        life.judge_words(device_died=True)

    def close(self):
        self.disk.close()

    def figures(self):
        words = f"{self.cuts} cuts ({self.in_mount} in mount, {self.in_open} before the end of an open)"
        if self.disk.name == "cache":
            words += f", {self.disk.pending_sectors} sectors unflushed at a cut, {self.disk.kept_sectors} of them kept"
        return f"{self.disk.name}: {words}; {self.oracle.figures()}"


class Kills(Campaign):
    def __init__(self, programs, seed, scratch):
        super().__init__(programs, seed, scratch)
        self.database = self.scratch / "db"
        self.crash = SURVIVES_KILL
        self.kills = 0

    def round(self):
        if self.random.random() < 0.05:
            self.closed_life()
        if self.random.random() < 0.1:
            self.reading_life()
        self.killed_life()
        self.kills += 1

    def close(self):
        pass

    def figures(self):
        return f"{self.kills} kills ({self.in_open} before the end of an open); {self.oracle.figures()}"


def campaign(make, rounds, seed, programs, say):
    """Databases one after another, `rounds` in all; raises Violation with the words that replay it."""
    began = time.monotonic()
    for first in range(0, rounds, ROUNDS_A_DATABASE):
        scratch = Scratch()
        try:
            play(make, first, min(rounds, first + ROUNDS_A_DATABASE), seed + first, programs, scratch.path, say)
        finally:
            scratch.close()
    say(f"{rounds} rounds in {time.monotonic() - began:.0f} s")


def play(make, first, last, seed, programs, scratch, say):
    one = make(programs, seed, scratch)
    try:
        for number in range(first, last):
            try:
                one.round()
            except Violation as violation:
                raise Violation(f"round {number}, seed {seed}: {violation}; {one.evidence.keep()}; lives before: {', '.join(one.story[-6:])}") from violation
    finally:
        if one.life is not None:
            one.life.bury()
        one.close()
    say(one.figures())


def cutting(disk):
    return lambda programs, seed, scratch: Cuts(disk, programs, seed, scratch)


PLAYS = {"cuts": [cutting(ShutdownDisk), cutting(CacheDisk)], "kills": [Kills, ToolKills]}
