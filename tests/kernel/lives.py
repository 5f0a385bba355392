"""The lives of a database: one process after another works on it, each until something ends it, and the oracle listens."""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

from oracle import ERROR_KINDS, Frames, Violation
from stage import COMMAND_TIMEOUT_S, die_with_parent

# What may be said of an operation that the death of the device met. Anything else is a wrong word, also then.
AFTER_A_CUT = {"io", "closed", "busy", "no-space"}
HANGING_S = 240  # no life is longer, on the slowest machine


class End:
    """How a life ends: `act` is called `delay` seconds after the start, or after that many commits were acknowledged."""

    def __init__(self, act, delay=None, commits=None):
        self.act, self.delay, self.commits = act, delay, commits


class Life:
    """One process on the database, from its start until the end of its pipe."""

    def __init__(self, oracle, command, crash):
        self.oracle, self.crash = oracle, crash
        oracle.begin_life()
        reading, writing = os.pipe2(os.O_CLOEXEC)
        self.pipe = reading
        self.process = subprocess.Popen([part.replace("{pipe}", str(writing)) for part in command], pass_fds=[writing],
                                        stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        os.close(writing)
        self.frames = Frames()
        self.began = time.monotonic()
        self.commits = 0
        self.ended_by_us = False

    def listen(self, until):
        """Hears claims until `until()` holds; False when the pipe ends before."""
        while not until():
            if time.monotonic() - self.began > HANGING_S:
                raise Violation(f"a life hangs: {self.last_words()}")
            if not select.select([self.pipe], [], [], 0.005)[0]:
                continue
            data = os.read(self.pipe, 1 << 18)
            if not data:
                return False
            for kind, body in self.frames.feed(data):
                self.commits += kind == "K"
                self.oracle.hear(kind, body, self.crash)
        return True

    def last_words(self):
        wchan = pathlib.Path(f"/proc/{self.process.pid}/wchan")
        return f"pid {self.process.pid}, waits in {wchan.read_text() if wchan.exists() else '?'}"

    def live(self, end):
        """Runs until `end` has come and acts; True if the process was still there then."""
        due = lambda: (time.monotonic() - self.began >= end.delay) if end.delay is not None else self.commits >= end.commits
        return self.listen(due) and (end.act(self), True)[1]

    def kill(self):
        self.ended_by_us = True
        self.process.kill()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def finish(self, linger=0.0):
        """After the end: lets the process go on for a while, kills it, and hears the rest of what it said."""
        until = time.monotonic() + linger
        if self.listen(lambda: time.monotonic() >= until):
            self.kill()
            self.listen(lambda: False)
        return self.wait()

    def wait(self):
        """Hears everything until the process ends by itself."""
        self.listen(lambda: False)
        os.close(self.pipe)
        code = self.process.wait(COMMAND_TIMEOUT_S)
        if code < 0 and not (self.ended_by_us and code == -signal.SIGKILL):
            raise Violation(f"the process ended by {signal.Signals(-code).name}")
        return code

    def bury(self):
        """Nothing of it may be left when the file system goes."""
        self.process.kill()
        self.process.wait(COMMAND_TIMEOUT_S)

    def judge_words(self, device_died):
        """What the process complained of: nothing, unless its device had died."""
        oracle = self.oracle
        complaints = [(ERROR_KINDS[kind], words) for kind, words in oracle.refusals]
        for words in (oracle.open_error, oracle.closed):
            if words:
                complaints.append((words.split(":")[0], words))
        for kind, words in complaints:
            if not device_died or kind not in AFTER_A_CUT:
                raise Violation(f"{'after a power cut' if device_died else 'on a healthy device'}: {words}")


class Evidence:
    """A copy of the database as it was before the open that is judged, kept if that finds a violation."""

    def __init__(self, scratch):
        self.copy = scratch / "before"

    def take(self, database):
        shutil.rmtree(self.copy, ignore_errors=True)
        try:
            shutil.copytree(database, self.copy)
        except (OSError, shutil.Error):  # there is none, or the power is gone already
            shutil.rmtree(self.copy, ignore_errors=True)

    def keep(self):
        if not self.copy.exists():
            return "there was no database before"
        place = tempfile.mkdtemp(prefix="nacre-kernel-failed-")
        shutil.copytree(self.copy, place, dirs_exist_ok=True)
        return f"the database before that open: {place}"
