"""A terminal for tests: runs a program under a pty, types, and reads what comes back. Not a test itself."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time


class Terminal:
    def __init__(self, arguments, columns=80, **environment):
        self.output = b""
        self.seen = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execv(arguments[0], arguments)

    def read(self, seconds):
        """True if something came, False at the end of the program or of the time."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody holds the other end any more
            return False
        self.output += data
        return bool(data)

    def expect(self, pattern, seconds=30):
        """Waits until what came since the last match matches; returns the text up to the end of the match."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern.encode() if isinstance(pattern, str) else pattern, self.output[self.seen :], re.S)
            if match:
                text = self.output[self.seen : self.seen + match.end()]
                self.seen += match.end()
                return text
            if time.monotonic() > end or not self.read(0.2) and self.ended():
                raise AssertionError(f"no {pattern!r} in {self.output[self.seen:]!r}")

    def ended(self):
        done = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        while done and self.read(0):
            pass
        return done is not None

    def type(self, text):
        os.write(self.fd, text if isinstance(text, bytes) else text.encode())

    def close(self, seconds=30):
        """Waits for the end of the program and returns its exit code."""
        end = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > end:
                os.kill(self.pid, 9)
            self.read(0.1)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)
