import os
import subprocess
import sys

import pytest

from schema.errors import InputError
from trainer_module.tuning.devices import DevicePool, Gpu, list_gpus, share_processors
from trainer_module.tuning.folder import hold_folder, try_lock
from trainer_module.tuning.worker import CPUS

FREE = [Gpu("GPU-a", 10, 24000), Gpu("GPU-b", 10, 24000)]


@pytest.fixture
def pool(tmp_path):
    return lambda workers, gpus=tuple(FREE): DevicePool(workers, tmp_path, lambda: list(gpus))


def test_each_worker_has_a_gpu_of_its_own(pool):
    both = pool(2)
    devices = [both.take(), both.take()]
    assert {device.environment["CUDA_VISIBLE_DEVICES"] for device in devices} == {"GPU-a", "GPU-b"}
    assert both.take() is None
    both.give_back(devices[0])
    assert both.take().name == devices[0].name


def test_two_searches_share_the_gpus_without_a_server(pool):
    first, second = pool(1), pool(2)
    taken, other = first.take(), second.take()
    assert taken.name != other.name
    assert second.take() is None
    first.give_back(taken)
    assert second.take().name == taken.name


def test_a_gpu_that_others_work_on_is_left_alone(pool):
    busy = pool(1, [Gpu("GPU-a", 12000, 24000), FREE[1]])
    device = busy.take()
    assert device.name == "GPU GPU-b"
    assert busy.take() is None


def test_a_gpu_is_free_once_the_process_that_inherited_it_is_gone(pool):
    device = pool(1, FREE[:1]).take()
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        pass_fds=(device.lock.fileno(),),
    )
    device.release()  # as when the chief is killed
    assert pool(1, FREE[:1]).take() is None
    child.kill()
    child.wait()
    child.stdin.close()
    assert pool(1, FREE[:1]).take() is not None


def test_more_workers_than_gpus_are_refused(pool):
    with pytest.raises(InputError, match="at most 2, one a GPU, got 3"):
        pool(3)


def test_processors_are_dealt_out_evenly():
    everything = os.sched_getaffinity(0)
    shares = [set(map(int, each.environment[CPUS].split(","))) for each in share_processors(1)]
    assert shares == [everything]
    if len(everything) > 1:
        first, second = (
            set(map(int, each.environment[CPUS].split(","))) for each in share_processors(2)
        )
        assert first | second == everything
        assert not first & second


def test_more_workers_than_processors_are_refused():
    with pytest.raises(InputError, match="one a processor, got 1000: lower it"):
        share_processors(1000)


def fake_driver(folder, script):
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("visible", "found"),
    [(None, ["GPU-a", "GPU-b"]), ("1", ["GPU-b"]), ("GPU-a", ["GPU-a"]), ("", [])],
)
def test_the_driver_is_asked_for_the_gpus(tmp_path, monkeypatch, visible, found):
    fake_driver(tmp_path, 'echo "GPU-a, 3, 24000"; echo "GPU-b, 12000, 24000"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.uuid for gpu in list_gpus()] == found


def test_a_driver_that_fails_is_told(tmp_path, monkeypatch):
    fake_driver(tmp_path, "exit 9")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(InputError, match="expected nvidia-smi"):
        list_gpus()


def test_without_a_driver_there_are_no_gpus(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert list_gpus() == []


def test_a_folder_is_searched_in_once_at_a_time(tmp_path):
    folder = tmp_path / "search"
    with (
        hold_folder(folder),
        pytest.raises(InputError, match="another process is searching in"),
        hold_folder(folder),
    ):
        pass
    assert try_lock(tmp_path / "search" / ".lock") is not None


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    expected = pytest.raises(InputError, match="expected a folder to write to")
    with expected, hold_folder(tmp_path / "file" / "search"):
        pass
