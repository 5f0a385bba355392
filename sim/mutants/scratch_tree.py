"""ScratchTree: a copy of the sources in a directory of its own, where mutants are applied and built.

The checkout is only read. The copy keeps its build directories from one mutant to the next, so a mutant costs what it
changes. Invariant: between two mutants every file is as in the checkout, and newer than any object made of a mutant:
that is why restored files get the time of their restoring and not that of the original, by which the build would take the
mutant's object for the sound one.
"""

import os
import pathlib
import re
import shutil
import subprocess

APPLY = ["git", "apply", "--recount", "-C2"]  # at least two lines of context must fit: what only just applies means something else


class DoesNotApply(Exception):
    pass


class DoesNotBuild(Exception):
    pass


def sources_of(root):
    """The files of a checkout, those that git would add included; without git all that are not of a build."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        return [name for name in names if (root / name).is_file()]
    return [str(path.relative_to(root)) for path in root.rglob("*")
            if path.is_file() and not {"build", ".git"} & set(path.relative_to(root).parts)]


def check_applies(root, patch):
    """Whether a patch fits the tree at `root`, which is left as it is; the reason if not."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(root.parent))
    done = subprocess.run([*APPLY, "--check", str(patch)], cwd=root, env=environment, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().replace("\n", "; ")


class ScratchTree:
    def __init__(self, source, place, jobs):
        self.source = pathlib.Path(source).resolve()
        self.root = pathlib.Path(place).resolve()
        self.jobs = jobs
        # Paths relative to the copy: a compiler cache then knows what it compiled for any other copy of the same sources.
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(self.root), CCACHE_NOHASHDIR="1",
                                GIT_CEILING_DIRECTORIES=str(self.root.parent))

    def build_directory(self, preset):
        return self.root / "build" / preset

    def refresh(self):
        """Makes the copy equal to the checkout, touching only what differs."""
        wanted = set(sources_of(self.source))
        for name in wanted:
            self._restore(name)
        for name in set(sources_of(self.root)) - wanted:
            (self.root / name).unlink()

    def _restore(self, name):
        original, copy = self.source / name, self.root / name
        if copy.is_file() and copy.read_bytes() == original.read_bytes():
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy)
        shutil.copymode(original, copy)

    def apply(self, patch):
        done = subprocess.run([*APPLY, str(patch)], cwd=self.root, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise DoesNotApply(done.stderr.strip().replace("\n", "; "))

    def restore(self, files):
        for name in files:
            self._restore(name)

    def build(self, preset, target):
        build = self.build_directory(preset)
        if not (build / "build.ninja").is_file():
            self._run(["cmake", "--preset", preset])
        self._run(["cmake", "--build", str(build), "-j", str(self.jobs), "--target", target])

    def _run(self, command):
        done = subprocess.run(command, cwd=self.root, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0:
            wrong = [line for line in done.stdout.splitlines() if re.search(r"\berror\b:", line)]
            raise DoesNotBuild((wrong or ["no reason given"])[0])
