"""Runs contestants in turn and measures each: wall time, CPU time of the client, and its largest memory."""

import dataclasses
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable


@dataclasses.dataclass
class Run:
    """One run of one command."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, of the command and its children
    memory: float  # MiB, of the largest process


@dataclasses.dataclass
class Contestant:
    """A command for the shell that moves `records` records."""

    name: str
    command: str
    records: int
    # A program without which it cannot run.
    needs: str = ""
    # Runs before and after each round, outside the clock; `before` gives variables for the command.
    before: Callable[[], dict] = dict
    after: Callable[[dict], None] = lambda variables: None
    # Some work ends later than its command: waits for it, within the clock.
    until: Callable[[dict], None] = lambda variables: None
    runs: list = dataclasses.field(default_factory=list)

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs)

    @property
    def rate(self):
        """Records a second."""
        return self.records / self.median("wall")


def run_once(contestant):
    variables = contestant.before()
    environment = os.environ | variables
    began = time.perf_counter()
    process = subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", contestant.command],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    errors = process.stderr.read()
    # The usage of the shell has that of the children it waited for.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {contestant.name}: exit code {process.returncode}\n{contestant.command}\n{errors.decode()}")
    contestant.until(variables)
    wall = time.perf_counter() - began
    contestant.after(variables)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def present(contestants):
    """Those that can run; a peer that is not installed is named."""
    missing = [each for each in contestants if each.needs and not shutil.which(each.needs)]
    for each in missing:
        print(f"  skipped: {each.name}: {each.needs} is not installed", file=sys.stderr)
    return [each for each in contestants if each not in missing]


def contest(contestants, rounds, warm_up=False):
    """Every round runs each contestant once, so that a slow minute hits all of them; every other one in reverse, since each
    leaves work behind for the next, such as files to write back and topics to delete. The first round after a start would
    measure how the servers warm up: `warm_up` has one that does not count."""
    for number in range(0 if warm_up else 1, rounds + 1):
        for contestant in contestants if number % 2 else reversed(contestants):
            run = run_once(contestant)
            if number > 0:
                contestant.runs.append(run)
            print(f"  {number or 'warm-up'}/{rounds} {contestant.name}: {run.wall:.3f} s wall, {run.cpu:.3f} s CPU, "
                  f"{run.memory:.0f} MiB", file=sys.stderr)
