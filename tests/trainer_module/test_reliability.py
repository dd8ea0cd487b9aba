from trainer_module.reliability import Reliability, read_reliability, write_reliability
from transforms.calibration import ReliabilityBin


def test_what_is_read_is_what_was_written(tmp_path):
    bins = (ReliabilityBin(10, 0.4, 0.5), ReliabilityBin(9, 0.9, 8 / 9))
    reliability = Reliability(lines=bins, characters=())
    write_reliability(reliability, tmp_path / "reliability.json")
    assert read_reliability(tmp_path / "reliability.json") == reliability
