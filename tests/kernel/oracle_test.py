#!/usr/bin/env python3
"""The oracle accepts what the promises allow and sees each way to break them, in histories made by hand."""

import struct
import unittest

from oracle import DISK, ERASE, ERASE_RANGE, IO, MEMORY, OS, PUT, SURVIVES_CUT, SURVIVES_KILL, Frames, Oracle, Violation

NO_SPACE = 4


def entry(key, value):
    return struct.pack("<II", len(key), len(value)) + key + value


def change(kind, keyspace, key, value=b""):
    return bytes([kind, keyspace]) + entry(key, value)


class Story:
    """Claims, as a writer would send them."""

    def __init__(self):
        self.oracle = Oracle()
        self.opens()

    def opens(self, crash=SURVIVES_CUT, **contents):
        """Contents by keyspace: a={...} is keyspace 0, b={...} keyspace 1."""
        self.oracle.begin_life()
        for name, entries in contents.items():
            body = b"".join(entry(key.encode(), value.encode()) for key, value in entries.items())
            self.oracle.hear("D", bytes([ord(name) - ord("a")]) + body, crash)
        self.oracle.hear("O", b"", crash)

    def announces(self, thread, number, durability, *changes):
        changes += (change(PUT, 0, b"head/%d" % thread, b"%d" % number),)
        self.oracle.hear("A", struct.pack("<BQB", thread, number, durability) + b"".join(changes), None)

    def acknowledges(self, thread, number):
        self.oracle.hear("K", struct.pack("<BQ", thread, number), None)

    def refuses(self, thread, number, kind):
        self.oracle.hear("F", struct.pack("<BQB", thread, number, kind) + b"words", None)

    def commits(self, thread, number, durability, *changes):
        self.announces(thread, number, durability, *changes)
        self.acknowledges(thread, number)


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.story = Story()

    def refused(self, words, crash=SURVIVES_CUT, **contents):
        with self.assertRaisesRegex(Violation, words):
            self.story.opens(crash, **contents)

    def test_a_tail_that_was_not_durable_may_go(self):
        self.story.commits(0, 1, DISK)
        self.story.commits(0, 2, OS)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1"})

    def test_an_acknowledged_commit_is_missing(self):
        self.story.commits(0, 1, DISK)
        self.refused("had to survive")

    def test_a_kill_keeps_more_than_a_cut(self):
        self.story.commits(0, 1, OS)
        self.refused("had to survive", SURVIVES_KILL)

    def test_a_stronger_commit_covers_earlier_weaker_ones_of_others(self):
        self.story.commits(1, 1, MEMORY)
        self.story.commits(0, 1, DISK)
        self.refused("no prefix", a={"head/0": "1"})

    def test_a_sync_covers_what_was_acknowledged_before(self):
        self.story.commits(0, 1, MEMORY)
        self.story.oracle.hear("S", b"\0", None)
        self.story.commits(1, 1, MEMORY)
        self.story.oracle.hear("s", b"\0", None)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1"})
        self.story.commits(0, 2, MEMORY)
        self.story.oracle.hear("S", b"\0", None)
        self.story.oracle.hear("s", b"\0", None)
        self.refused("had to survive", a={"head/0": "1"})

    def test_a_clean_close_keeps_everything(self):
        self.story.commits(0, 1, MEMORY)
        self.story.oracle.hear("Q", b"\0", None)
        self.refused("had to survive")

    def test_a_later_commit_without_an_earlier_one_of_another_thread(self):
        self.story.commits(0, 1, MEMORY)
        self.story.commits(1, 1, MEMORY)
        self.refused("no prefix", a={"head/1": "1"})

    def test_commits_at_the_same_time_may_stand_in_either_order(self):
        self.story.announces(0, 1, MEMORY)
        self.story.commits(1, 1, MEMORY)
        self.story.acknowledges(0, 1)
        self.story.opens(SURVIVES_CUT, a={"head/1": "1"})

    def test_half_a_batch(self):
        self.story.commits(0, 1, DISK, change(PUT, 1, b"0/x", b"v"))
        self.refused("expected 'v'", a={"head/0": "1"}, b={})

    def test_an_erase_and_a_range_erase_count(self):
        self.story.commits(0, 1, DISK, change(PUT, 1, b"0/x", b"v"), change(PUT, 1, b"0/y", b"v"), change(ERASE, 1, b"0/x"))
        self.story.commits(0, 2, DISK, change(ERASE_RANGE, 1, b"0/y", b"0/z"))
        self.refused("expected nothing", a={"head/0": "2"}, b={"0/y": "v"})

    def test_what_an_open_has_shown_stays(self):
        self.story.commits(0, 1, OS)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1"})
        self.refused("earlier open has shown")

    def test_what_was_lost_does_not_come_back(self):
        self.story.commits(0, 1, OS, change(PUT, 0, b"0/x", b"v"))
        self.story.opens(SURVIVES_CUT)
        self.refused("never announced", a={"head/0": "1", "0/x": "v"})

    def test_a_commit_in_doubt_is_whole_or_absent(self):
        self.story.announces(0, 1, DISK, change(PUT, 0, b"0/x", b"v"))
        self.story.refuses(0, 1, IO)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1", "0/x": "v"})
        self.story.announces(0, 2, DISK)
        self.story.refuses(0, 2, IO)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1", "0/x": "v"})

    def test_a_refused_commit_is_there(self):
        self.story.announces(0, 1, DISK)
        self.story.refuses(0, 1, NO_SPACE)
        self.refused("was refused", a={"head/0": "1"})

    def test_a_shared_key_goes_back_in_time(self):
        self.story.commits(0, 1, DISK, change(PUT, 0, b"shared/1", b"0 1"))
        self.story.commits(1, 1, DISK, change(PUT, 0, b"shared/1", b"1 1"))
        self.refused("overwritten, or never", a={"head/0": "1", "head/1": "1", "shared/1": "0 1"})

    def test_a_shared_key_may_be_either_of_two_at_the_same_time_and_then_stays(self):
        self.story.announces(0, 1, DISK, change(PUT, 0, b"shared/1", b"0 1"))
        self.story.commits(1, 1, DISK, change(PUT, 0, b"shared/1", b"1 1"))
        self.story.acknowledges(0, 1)
        self.story.opens(SURVIVES_CUT, a={"head/0": "1", "head/1": "1", "shared/1": "1 1"})
        self.refused("overwritten, or never", a={"head/0": "1", "head/1": "1", "shared/1": "0 1"})

    def test_a_keyspace_is_there_without_what_was_committed_before(self):
        self.story.commits(0, 1, OS)
        self.story.oracle.hear("C", b"passing/1", None)
        self.story.oracle.begin_life()
        self.story.oracle.hear("L", b"passing/1", None)
        with self.assertRaisesRegex(Violation, "no prefix"):
            self.story.oracle.hear("O", b"", SURVIVES_CUT)

    def test_a_keyspace_goes_that_nobody_dropped(self):
        self.story.oracle.hear("C", b"passing/1", None)
        self.story.oracle.begin_life()
        self.story.oracle.hear("L", b"passing/1", None)
        self.story.oracle.hear("O", b"", SURVIVES_CUT)
        self.refused("nobody did that")

    def test_an_unfinished_frame_is_no_claim(self):
        whole = struct.pack("<IB", 10, ord("K")) + struct.pack("<BQ", 0, 1)
        frames = Frames()
        self.assertEqual(list(frames.feed(whole + whole[:-1])), [("K", whole[5:])])
        self.assertEqual(list(frames.feed(whole[-1:])), [("K", whole[5:])])


if __name__ == "__main__":
    unittest.main()
