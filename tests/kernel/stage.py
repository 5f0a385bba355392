"""What a campaign plays on: file systems that can lose power, in a mount namespace of their own.

Everything mounted here vanishes with the last process of the namespace; loop devices are set to clear themselves. So a campaign that is
killed leaves nothing behind but a temporary directory.
"""

import ctypes
import errno
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

EXT4_IOC_SHUTDOWN = 0x8004587D
SHUTDOWN_FLAGS = {"default": 0, "logflush": 1, "nologflush": 2}  # what is written before everything stops: all, the journal, nothing
LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
PR_SET_PDEATHSIG = 1
DISK_BYTES = 96 << 20
COMMAND_TIMEOUT_S = 300

libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This machine cannot play that; the words say why."""


def enter_own_mounts():
    if os.geteuid() != 0:
        raise Unavailable("it needs root")
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        raise Unavailable(f"no mount namespace of its own: {os.strerror(ctypes.get_errno())}")


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, 9)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def need_programs(*names):
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not installed")


class Scratch:
    """A temporary directory on a tmpfs, seen by this namespace only."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="nacre-kernel-"))
        try:
            run("mount", "-t", "tmpfs", "-o", "mode=0700", "nacre-kernel", str(self.path))
        except OSError as error:
            self.path.rmdir()
            raise Unavailable(f"no tmpfs: {error}") from error

    def close(self):
        subprocess.run(["umount", "-l", str(self.path)], capture_output=True)
        try:
            self.path.rmdir()
        except OSError as error:
            print(f"left behind: {self.path}: {error}", file=sys.stderr)


def make_ext4(device):
    run("mkfs.ext4", "-q", "-F", "-b", "4096", "-J", "size=8", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", str(device))


def loop_device(file):
    """A loop device over `file`: its path, and a descriptor that keeps it. It clears itself when its last user goes, killed or not."""
    backing = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            path = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            loop = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            config = struct.pack("<II40x12xI176x64x", backing, 0, LO_FLAGS_AUTOCLEAR)  # struct loop_config
            try:
                fcntl.ioctl(loop, LOOP_CONFIGURE, config)
                return path, loop
            except OSError as error:
                os.close(loop)
                if error.errno != errno.EBUSY:  # another process was faster
                    raise
    finally:
        os.close(control)
        os.close(backing)


class Ext4:
    """An ext4 that can be mounted again and again. `where` is its mount point."""

    def __init__(self, directory):
        need_programs("mkfs.ext4", "mount", "umount")
        self.directory = pathlib.Path(directory)
        self.where = self.directory / "mnt"
        self.where.mkdir()
        self.loop = None

    def attach(self, file):
        try:
            make_ext4(file)
            self.loop, self.loop_fd = loop_device(file)
        except OSError as error:
            raise Unavailable(f"no ext4 on a loop device: {error}") from error

    def mount(self, options):
        run("mount", "-t", "ext4", "-o", options, self.loop, str(self.where))

    def unmount(self):
        run("umount", str(self.where))

    def close(self):
        subprocess.run(["umount", str(self.where)], capture_output=True)
        if self.loop is not None:
            os.close(self.loop_fd)


class ShutdownDisk(Ext4):
    """Power cuts by EXT4_IOC_SHUTDOWN: the file system stops at once, with what its pages hold that was not written."""

    name = "shutdown"

    def __init__(self, directory, program, random):
        super().__init__(directory)
        self.random = random
        image = self.directory / "image"
        with open(image, "wb") as file:
            file.truncate(DISK_BYTES)
        self.attach(image)
        self.was_cut = False

    def power_on(self):
        self.was_cut = False

    def cut(self):
        how = self.random.choice(("default", "logflush", "nologflush", "nologflush"))
        self.was_cut = True
        fd = os.open(self.where, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", SHUTDOWN_FLAGS[how]))
        finally:
            os.close(fd)
        return how

    def arm(self, requests):
        return False  # it cannot count requests


class CacheDisk(Ext4):
    """Power cuts of a device with a volatile write cache (cut_device.cc): any unflushed sector may be lost, any kept."""

    name = "cache"

    def __init__(self, directory, program, random):
        super().__init__(directory)
        if not os.path.exists("/dev/fuse"):
            raise Unavailable("this kernel has no FUSE")
        self.random = random
        self.fuse = self.directory / "fuse"
        self.fuse.mkdir()
        self.device = subprocess.Popen([program, str(self.fuse), str(DISK_BYTES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, preexec_fn=die_with_parent)
        if self.device.stdout.readline() != "ready\n":
            raise Unavailable("a FUSE file system cannot be mounted")
        self.pending_sectors = self.kept_sectors = 0
        self.attach(self.fuse / "disk")

    def command(self, line):
        self.device.stdin.write(line + "\n")
        self.device.stdin.flush()
        while (answer := self.device.stdout.readline()) == "fired\n":
            pass
        if not answer:
            raise OSError("the cut device is gone")
        return answer.split()

    @property
    def was_cut(self):
        return self.command("state")[0] == "cut"

    def power_on(self):
        if self.was_cut:
            how = self.random.choice(("none", "prefix", "any", "most"))
            _, pending, kept = self.command(f"revive {how} {self.random.getrandbits(60)}")
            self.pending_sectors += int(pending)
            self.kept_sectors += int(kept)

    def cut(self):
        self.command("cut")
        return "now"

    def arm(self, requests):
        self.command(f"arm {requests}")
        return True

    def close(self):
        super().close()
        self.device.stdin.close()
        self.device.wait(COMMAND_TIMEOUT_S)
        self.device.stdout.close()
        subprocess.run(["umount", "-l", str(self.fuse)], capture_output=True)
