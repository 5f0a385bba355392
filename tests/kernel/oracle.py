"""The oracle: what a crashed database may hold, judged from the claims of the process that wrote it (claims.h).

It shares nothing with the engine and lives in another process: what it knows came through a pipe before the crash. It holds
promises 1 (durability), 2 (one prefix over all keyspaces, whole batches, an open is never undone), 4 and 5 (a refused write is
not there) of docs/PROMISES.md.

The order of commits of different threads is not known exactly, only in part: a commit that was acknowledged before another
was announced comes before it, and so do the earlier ones of the same thread. A prefix of the true order is therefore a
number for each thread, k[t], such that
  - k[t] reaches what had to survive this kind of crash;
  - whatever was acknowledged before the last commit of a thread was announced is within k too;
  - the content is what the first k[t] commits of each thread make: exactly for keys of one thread, and for shared keys the
    value of a commit within k that no other one within k surely overwrote.
"""

import struct

HEAD = struct.Struct("<BQ")
LENGTHS = struct.Struct("<II")
PUT, ERASE, ERASE_RANGE = range(3)
MEMORY, OS, DISK = range(3)
ERROR_KINDS = "not-found invalid conflict busy no-space io corruption closed unsupported".split()
IO = ERROR_KINDS.index("io")
SURVIVES_NOTHING, SURVIVES_KILL, SURVIVES_CUT = MEMORY, OS, DISK  # the weakest durability that must outlive it
CRASHES = {SURVIVES_KILL: "a kill", SURVIVES_CUT: "a power cut"}
THREADS = 4


class Violation(Exception):
    """A promise that was not kept."""


class Commit:
    __slots__ = ("thread", "number", "durability", "changes", "seen", "refused")

    def __init__(self, thread, number, durability, changes, seen):
        self.thread, self.number, self.durability, self.changes = thread, number, durability, changes
        self.seen = seen  # how many commits of each thread were acknowledged before this was announced
        self.refused = None

    def surely_before(self, other):
        if self.thread == other.thread:
            return self.number < other.number
        return self.number <= other.seen[self.thread]


def entries(body, at):
    while at < len(body):
        key, value = LENGTHS.unpack_from(body, at)
        at += LENGTHS.size
        yield body[at : at + key], body[at + key : at + key + value]
        at += key + value


def changes_of(body, at):
    changes = []
    while at < len(body):
        kind, keyspace = body[at], body[at + 1]
        key, value = LENGTHS.unpack_from(body, at + 2)
        at += 2 + LENGTHS.size
        changes.append((kind, keyspace, body[at : at + key], body[at + key : at + key + value]))
        at += key + value
    return changes


class Frames:
    """Cuts what comes out of a pipe into frames; an unfinished one at the end was never claimed."""

    def __init__(self):
        self.rest = bytearray()

    def feed(self, data):
        self.rest += data
        at = 0
        while len(self.rest) - at >= 5:
            (length,) = struct.unpack_from("<I", self.rest, at)
            if len(self.rest) - at < 4 + length:
                break
            yield chr(self.rest[at + 4]), bytes(self.rest[at + 5 : at + 4 + length])
            at += 4 + length
        del self.rest[:at]


class Oracle:
    def __init__(self):
        self.content = [{} for _ in range(THREADS)]  # of each thread's own keys, after the first `settled` commits
        self.shared = {}  # (keyspace, key) -> the commits that may have written it last
        self.settled = [0] * THREADS  # what an open has shown: no crash takes it back
        self.pending = [[] for _ in range(THREADS)]  # announced since, in order
        self.acknowledged = [0] * THREADS
        self.must = {OS: [0] * THREADS, DISK: [0] * THREADS}  # what has to outlive a kill, a power cut
        self.syncing = {}
        self.created, self.dropped = {}, {}  # keyspaces that come and go: what was acknowledged before
        self.shown_keyspaces = set()
        self.begin_life()
        self.commits = self.acknowledged_disk = self.acknowledged_os = self.opens = 0

    def begin_life(self):
        """A process starts; what it says follows."""
        self.dump = {}
        self.keyspaces = set()
        self.opened = False
        self.open_error = self.closed = None
        self.refusals = []

    def hear(self, kind, body, crash):
        """One frame of the running process. `crash`: what came before its open, as the weakest durability that had to outlive it."""
        if kind == "D":
            for key, value in entries(body, 1):
                self.dump[body[0], key] = value
        elif kind == "L":
            self.keyspaces.add(body)
        elif kind == "C":
            self.created[body] = tuple(self.acknowledged)
        elif kind == "R":
            self.dropped[body] = tuple(self.acknowledged)
        elif kind == "O":
            self.judge(crash)
            self.opened = True
        elif kind == "E":
            self.open_error = f"{ERROR_KINDS[body[0]]}: {body[1:].decode()}"
        elif kind == "A":
            self.announce(body)
        elif kind == "K":
            self.acknowledge(*HEAD.unpack_from(body))
        elif kind == "F":
            self.refuse(*HEAD.unpack_from(body), body[9], body[10:].decode())
        elif kind == "S":
            self.syncing[body[0]] = list(self.acknowledged)
        elif kind == "s":
            self.must_outlive(DISK, self.syncing.pop(body[0]))
        elif kind == "Q":
            self.closed = "" if body[0] == 0 else f"{ERROR_KINDS[body[0] - 1]}: {body[1:].decode()}"
            if body[0] == 0:
                self.must_outlive(DISK, self.acknowledged)
        else:
            raise Violation(f"the writer found: {body.decode(errors='replace')}")

    def announce(self, body):
        thread, number = HEAD.unpack_from(body)
        pending = self.pending[thread]
        if number != self.settled[thread] + len(pending) + 1:
            raise Violation(f"thread {thread} goes on with {number} after {self.settled[thread] + len(pending)}: it read another head")
        pending.append(Commit(thread, number, body[9], changes_of(body, 10), tuple(self.acknowledged)))

    def acknowledge(self, thread, number):
        commit = self.pending[thread][number - self.settled[thread] - 1]
        self.acknowledged[thread] = number
        self.commits += 1
        survivors = list(commit.seen)
        survivors[thread] = number
        if commit.durability >= OS:
            self.must_outlive(OS, survivors)
            self.acknowledged_os += 1
        if commit.durability >= DISK:
            self.must_outlive(DISK, survivors)
            self.acknowledged_disk += 1

    def must_outlive(self, crash, counts):
        for weaker in (OS, DISK):
            if weaker <= crash:
                self.must[weaker] = [max(pair) for pair in zip(self.must[weaker], counts)]

    def refuse(self, thread, number, kind, words):
        if kind != IO:  # io: in or out, the next open decides; anything else: nothing was applied
            self.pending[thread][number - self.settled[thread] - 1].refused = words
        self.refusals.append((kind, words))

    # ---- judging what an open shows

    def judge(self, crash):
        self.opens += 1
        k = self.heads()
        self.check_prefix(k, crash)
        self.check_keyspaces(k)
        kept = [commit for thread in range(THREADS) for commit in self.pending[thread][: k[thread] - self.settled[thread]]]
        self.apply(kept)
        self.compare_own()
        self.compare_shared()
        self.settled = k
        self.pending = [[] for _ in range(THREADS)]
        self.acknowledged = list(k)
        self.must = {OS: list(k), DISK: list(k)}
        self.syncing = {}

    def heads(self):
        k = [0] * THREADS
        for (_, key), value in self.dump.items():
            if key.startswith(b"head/"):
                thread = int(key[5:])
                k[thread] = max(k[thread], int(value))
        return k

    def check_prefix(self, k, crash):
        for thread in range(THREADS):
            reached = f"thread {thread} is at {k[thread]}"
            if k[thread] < self.settled[thread]:
                raise Violation(f"{reached}, but an earlier open has shown {self.settled[thread]}")
            if k[thread] > self.settled[thread] + len(self.pending[thread]):
                raise Violation(f"{reached}, which was never announced")
            if crash != SURVIVES_NOTHING and k[thread] < self.must[crash][thread]:
                raise Violation(f"{reached}, but {self.must[crash][thread]} was acknowledged and had to survive {CRASHES[crash]}")
            if k[thread] == self.settled[thread]:
                continue
            last = self.pending[thread][k[thread] - self.settled[thread] - 1]
            for other in range(THREADS):
                if k[other] < last.seen[other]:
                    raise Violation(f"{reached}, but thread {other} at {k[other]}: its {last.seen[other]} was acknowledged earlier; no prefix")
            for commit in self.pending[thread][: k[thread] - self.settled[thread]]:
                if commit.refused:
                    raise Violation(f"{reached}, but {commit.number} was refused: {commit.refused}")

    def check_keyspaces(self, k):
        """Creations and drops stand in the same order as the commits."""
        decided = [(name, "there", self.created.get(name)) for name in self.keyspaces - self.shown_keyspaces]
        decided += [(name, "gone", self.dropped.get(name)) for name in self.shown_keyspaces - self.keyspaces]
        for name, state, seen in decided:
            if seen is None:
                raise Violation(f"keyspace {name.decode()} is {state}, and nobody did that")
            if any(k[thread] < seen[thread] for thread in range(THREADS)):
                raise Violation(f"keyspace {name.decode()} is {state}, but of {seen}, acknowledged before, there are {k}: no prefix")
        self.shown_keyspaces = self.keyspaces
        self.created, self.dropped = {}, {}

    def apply(self, kept):
        for commit in kept:
            own = self.content[commit.thread]
            for kind, keyspace, key, value in commit.changes:
                if key.startswith(b"shared/"):
                    writers = self.shared.setdefault((keyspace, key), [])
                    writers.append(commit)
                elif kind == PUT:
                    own[keyspace, key] = value
                elif kind == ERASE:
                    own.pop((keyspace, key), None)
                else:
                    for gone in [at for at in own if at[0] == keyspace and key <= at[1] < value]:
                        del own[gone]
        for at, writers in self.shared.items():
            self.shared[at] = [one for one in writers if not any(one.surely_before(other) for other in writers)]

    def compare_own(self):
        found = {at: value for at, value in self.dump.items() if not at[1].startswith(b"shared/")}
        expected = {}
        for own in self.content:
            expected.update(own)
        if found == expected:
            return
        wrong = sorted(at for at in found.keys() | expected.keys() if found.get(at) != expected.get(at))
        told = [f"keyspace {at[0]} {at[1].decode()}: found {short(found.get(at))}, expected {short(expected.get(at))}" for at in wrong[:5]]
        raise Violation(f"{len(wrong)} entries are not what the commits make: " + "; ".join(told))

    def compare_shared(self):
        found = {at for at in self.dump if at[1].startswith(b"shared/")}
        if found != self.shared.keys():
            raise Violation(f"shared keys differ: {sorted(found ^ self.shared.keys())}")
        for at in found:
            thread, number = map(int, self.dump[at].split())
            last = [commit for commit in self.shared[at] if (commit.thread, commit.number) == (thread, number)]
            if not last:
                raise Violation(f"keyspace {at[0]} {at[1].decode()} holds {thread} {number}: overwritten, or never written")
            last[0].seen = (0,) * THREADS  # its numbers of other threads mean nothing in the lives to come
            self.shared[at] = last

    # ---- what the campaign says at its end

    def figures(self):
        return (f"{self.opens} opens judged, {self.commits} commits acknowledged ({self.acknowledged_os} at os or disk, "
                f"{self.acknowledged_disk} at disk)")


def short(value):
    return "nothing" if value is None else repr(value[:30].decode(errors="replace")) + f" ({len(value)} bytes)"
