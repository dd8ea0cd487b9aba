"""The machines that the distributed tests run on are apart, and nothing of them stays."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.fingerprint import PROJECT_ROOT
from tests.pipeline.beam.machines import NoMachinesError, run_machines

HOLD = """
import sys, time
sys.path.append("tests/pipeline/beam")
from machines import run_machines
with run_machines(["one", "two"]) as machines:
    print(machines[0].address, flush=True)
    time.sleep(60)
"""
LISTEN = """
import os, socket
with socket.create_server((os.uname().nodename, 0)) as server:
    print(server.getsockname()[1], os.readlink("/proc/self/ns/net"), os.getcwd(), flush=True)
    server.accept()[0].sendall(b"heard")
"""
ASK = """
import socket, sys
with socket.create_connection(("two", int(sys.argv[1])), 5) as connection:
    sys.stdout.buffer.write(connection.recv(99))
"""


@pytest.fixture(autouse=True)
def possible():
    try:
        with run_machines(["one"]):
            pass
    except NoMachinesError as error:
        pytest.skip(f"no machines of their own here: {error}")


def find_interface(address):
    """Returns the number, which is given once only, of our interface to the network."""
    return socket.if_nametoindex(f"handwriting{address.split('.')[2]}")


def wait_until_gone(interface):
    """The kernel takes it away a moment after the last process of a machine."""
    until = time.monotonic() + 10
    while interface in dict(socket.if_nameindex()):
        assert time.monotonic() < until
        time.sleep(0.05)


def listen(machine):
    process = subprocess.Popen(
        [*machine.enter, sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().split()


def test_machines_have_networks_of_their_own_and_reach_each_other():
    with run_machines(["one", "two"]) as (one, two):
        server, (port, network, folder) = listen(two)
        assert network != str(Path("/proc/self/ns/net").readlink())
        assert folder == str(PROJECT_ROOT)
        asked = [*one.enter, sys.executable, "-c", ASK, port]
        assert subprocess.run(asked, capture_output=True, check=True).stdout == b"heard"
        assert server.wait(10) == 0
        server, (port, *_) = listen(two)
        with socket.create_connection((two.address, int(port)), 5) as connection:
            assert connection.recv(99) == b"heard"
        assert server.wait(10) == 0


def test_one_that_is_cut_off_does_not_answer_until_it_is_connected_again():
    with run_machines(["one", "two"]) as (_, two):
        server, (port, *_) = listen(two)
        two.cut_off()
        with pytest.raises(OSError, match=r"timed out|unreachable|No route"):
            socket.create_connection((two.address, int(port)), 0.3)
        two.connect()
        with socket.create_connection((two.address, int(port)), 5) as connection:
            assert connection.recv(99) == b"heard"
        assert server.wait(10) == 0


def test_nothing_stays_after_a_failure():
    made = []

    def fail():
        with run_machines(["one", "two"]) as (one, _):
            made.append(find_interface(one.address))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    wait_until_gone(*made)


def test_nothing_stays_after_the_test_was_killed():
    test = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    made = find_interface(test.stdout.readline().strip())
    test.send_signal(signal.SIGKILL)
    test.wait()
    wait_until_gone(made)


def test_why_there_are_none_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoMachinesError, match="unshare"), run_machines(["one"]):
        pass
