"""Kills of the tool itself, judged by what it acknowledged through its command line: exit code 0.

An import that is killed has applied a first part of its lines; a put or del is done or not; what an export has once shown, and
what was acknowledged, is there for good.
"""

import pathlib
import random
import subprocess

from lives import Evidence
from oracle import Violation
from stage import COMMAND_TIMEOUT_S, die_with_parent

KEYSPACES = ("default", "other")
NOT_FOUND = 1


class ToolKills:
    def __init__(self, programs, seed, scratch):
        self.tool, self.database = programs["tool"], pathlib.Path(scratch) / "db"
        self.random = random.Random(seed)
        self.evidence = Evidence(pathlib.Path(scratch))
        self.life = None  # each command is over when its round is
        self.story = []
        self.entries = {keyspace: {} for keyspace in KEYSPACES}
        self.number = self.commands = self.kills = self.acknowledged = 0

    def some_lines(self, most):
        """Keys that come again with values that never do."""
        lines = []
        for _ in range(1 + int(most * self.random.random() ** 2)):
            self.number += 1
            lines.append((b"key%05d" % self.random.randrange(5000), b"%d " % self.number + b"v" * self.random.randrange(200)))
        return lines

    def round(self):
        keyspace = self.random.choice(KEYSPACES)
        what = self.random.random()
        if what < 0.5:
            lines = self.some_lines(20_000)
            text = b"".join(b"%s\t%s\n" % line for line in lines)
            acknowledged = self.command("import", keyspace, stdin=text)
            steps = [("put", *line) for line in lines]
        elif what < 0.7:
            ((key, value),) = self.some_lines(0)
            acknowledged = self.command("put", keyspace, key, value, "--durability", self.random.choice(("memory", "os", "disk")))
            steps = [("put", key, value)]
        elif what < 0.9:
            key = self.random.choice(list(self.entries[keyspace]) or [b"none"])
            acknowledged = self.command("del", keyspace, key)
            steps = [("del", key, None)]
        else:
            acknowledged, steps = self.command("compact", None), []
        self.judge(keyspace, steps, acknowledged)

    def command(self, name, keyspace, *arguments, stdin=b""):
        """Runs the tool and kills it at some instant; True if it was quicker and answered that all went well."""
        options = ["--keyspace", keyspace] if keyspace else []
        child = subprocess.Popen([self.tool, name, str(self.database), *arguments, *options], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        self.commands += 1
        killed = False
        patience = COMMAND_TIMEOUT_S if self.random.random() < 0.15 else 0.1 * self.random.random() ** 2
        try:
            _, words = child.communicate(stdin, timeout=patience)
        except subprocess.TimeoutExpired:
            killed = True
            child.kill()
            _, words = child.communicate()
        code = child.returncode
        self.story.append(f"{name} {'killed' if killed else code}")
        if killed and code == -9:
            self.kills += 1
            return False
        if code not in (0, NOT_FOUND):
            raise Violation(f"{name} ended with {code}: {words.decode(errors='replace')}")
        self.acknowledged += code == 0
        return code == 0

    def export(self, keyspace):
        done = subprocess.run([self.tool, "export", str(self.database), "--keyspace", keyspace], capture_output=True, timeout=COMMAND_TIMEOUT_S)
        if done.returncode == NOT_FOUND:
            return {}
        if done.returncode != 0:
            raise Violation(f"export ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        return dict(line.split(b"\t", 1) for line in done.stdout.splitlines())

    def judge(self, keyspace, steps, acknowledged):
        self.evidence.take(self.database)
        for one in KEYSPACES:
            found = self.export(one)
            if one != keyspace:
                self.expect(found, self.entries[one], one)
                continue
            expected = self.entries[one]
            for step in steps if acknowledged else self.steps_within(found, steps):
                self.apply(expected, step)
            self.expect(found, expected, one)
        if self.random.random() < 0.1 and self.database.exists():
            done = subprocess.run([self.tool, "check", str(self.database)], capture_output=True, timeout=COMMAND_TIMEOUT_S)
            if done.returncode not in (0, NOT_FOUND):
                raise Violation(f"check: {done.stdout.decode()} {done.stderr.decode()}")

    def steps_within(self, found, steps):
        """As many steps as what was found has reached: values name their step, and a del is there if its key is not."""
        if steps and steps[0][0] == "del":
            return [] if steps[0][1] in found else steps
        last = max((i for i, (_, key, value) in enumerate(steps) if found.get(key) == value), default=-1)
        return steps[: last + 1]

    def apply(self, entries, step):
        what, key, value = step
        if what == "put":
            entries[key] = value
        else:
            entries.pop(key, None)

    def expect(self, found, expected, keyspace):
        if found == expected:
            return
        wrong = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        told = "; ".join(f"{key.decode()}: found {str(found.get(key))[:20]}, expected {str(expected.get(key))[:20]}" for key in wrong[:5])
        raise Violation(f"keyspace {keyspace}: {len(wrong)} entries are wrong: {told}")

    def close(self):
        pass

    def figures(self):
        return f"the tool: {self.kills} of {self.commands} commands killed, {self.acknowledged} acknowledged"
