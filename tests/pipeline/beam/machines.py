"""Machines of their own for processes of a test, as far as Linux' namespaces go.

A machine has a host name, an address and a network interface to itself; files and processes are
those of this machine. A bridge in the first joins them all, and one interface here reaches it; no
other network is reached. A machine lasts as long as the process that holds it, which ends with its
standard input, and so with the test however that ends; the kernel then takes the interfaces away.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.fingerprint import PROJECT_ROOT

_HOLD = (
    'hostname "$0" && mount --bind "$1" /etc/hosts && ip link set lo up && echo held && exec cat'
)
_NETWORK = "198.18.{number}"
"""Of the addresses that are set aside for tests between networks (RFC 2544)."""
_NETWORKS = 256


class NoMachinesError(Exception):
    """This system makes none; says why."""


@dataclass(frozen=True)
class Machine:
    """Where a process runs.

    Args:
      name: of the host.
      address: where the others reach it.
      enter: the words before a command that is to run there.
    """

    name: str
    address: str
    enter: tuple[str, ...] = ()

    def cut_off(self) -> None:
        """Takes its cable out: packets get lost, and nobody is told."""
        _run(*self.enter, *("ip", "link", "set", "eth0", "down"))

    def connect(self) -> None:
        """Puts its cable in again."""
        _run(*self.enter, *("ip", "link", "set", "eth0", "up"))


HERE = Machine("here", "127.0.0.1")


@contextmanager
def run_machines(names: Sequence[str]) -> Iterator[list[Machine]]:
    """Makes machines for as long as the block lasts.

    Raises:
      NoMachinesError: this system does not let us.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (hosts := folder / "hosts").touch()
        holders = [stack.enter_context(_hold(name, hosts)) for name in names]
        network = _reach_first(holders[0])
        machines = [
            Machine(
                name,
                f"{network}.{number}",
                ("setpriv", "--pdeathsig", "KILL", *_enter(holder), "--mount", "--uts", "--wd"),
            )
            for number, (name, holder) in enumerate(zip(names, holders, strict=True), 1)
        ]
        for machine, holder in list(zip(machines, holders, strict=True))[1:]:
            _join(machine, holder, holders[0])
        known = [f"{machine.address} {machine.name}\n" for machine in machines]
        hosts.write_text("".join(["127.0.0.1 localhost\n", *known]))
        yield machines


@contextmanager
def _hold(name: str, hosts: Path) -> Iterator[int]:
    """Holds a machine without a network yet; yields the process that does."""
    try:
        holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "sh", "-c", _HOLD, name, str(hosts)],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        raise NoMachinesError(str(error)) from None
    with holder:
        if holder.stdout.readline() != "held\n":
            raise NoMachinesError(holder.stderr.read().strip())
        yield holder.pid


def _reach_first(first: int) -> str:
    """Makes the bridge in the first machine, and an interface here; returns the network's name."""
    for number in range(_NETWORKS):
        link = f"handwriting{number}"
        try:
            _run("ip", "link", "add", link, "type", "veth", "peer", "here", "netns", str(first))
            break
        except NoMachinesError as error:
            if "File exists" not in str(error):
                raise
    else:
        raise NoMachinesError(f"all {_NETWORKS} networks of tests are taken")
    network = _NETWORK.format(number=number)
    inside = (*_enter(first), "ip")
    _run(*inside, "link", "add", "bridge", "type", "bridge")
    _run(*inside, "link", "set", "here", "master", "bridge", "up")
    _run(*inside, "address", "add", f"{network}.1/24", "dev", "bridge")
    _run(*inside, "link", "set", "bridge", "up")
    _run("ip", "address", "add", f"{network}.254/24", "dev", link)
    _run("ip", "link", "set", link, "up")
    return network


def _join(machine: Machine, holder: int, first: int) -> None:
    """Lays a cable from a machine to the bridge."""
    port, there = f"port{holder}", (*_enter(holder), "ip")
    bridge = (*_enter(first), "ip", "link")
    _run(*bridge, *("add", port, "type", "veth", "peer", "eth0", "netns", str(holder)))
    _run(*bridge, "set", port, "master", "bridge", "up")
    _run(*there, "address", "add", f"{machine.address}/24", "dev", "eth0")
    _run(*there, "link", "set", "eth0", "up")


def _enter(holder: int) -> tuple[str, ...]:
    return ("nsenter", "--target", str(holder), "--net")


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoMachinesError(str(error)) from None
    if done.returncode:
        raise NoMachinesError(f"{' '.join(words)}: {done.stderr.strip()}")
