import logging

from absl import logging as absl_logging
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.progress import show_progress


def log_stage(name):
    absl_logging.info("Component %s is running.", name)
    logging.getLogger("tensorflow").warning("noise of %s", name)
    absl_logging.info("Component %s is finished.", name)


def test_stages_are_told_and_noise_goes_to_the_file(tmp_path, capsys, monkeypatch):
    # As a command has left it that wants to hear of errors alone.
    monkeypatch.setattr(logging.getLogger("tensorflow"), "level", logging.ERROR)
    log_file = tmp_path / "logs" / "run.log"
    with show_progress(2, log_file):
        log_stage("Trainer")
        log_stage("Pusher")
    said = capsys.readouterr().err
    assert [line.partition(":")[0] for line in said.splitlines()] == ["Trainer", "Pusher"]
    assert "noise of Trainer" in log_file.read_text()


def test_logging_is_put_back(tmp_path):
    loggers = [logging.getLogger(), logging.getLogger("tensorflow"), logging.getLogger("absl")]
    before = [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    try:
        with show_progress(1, tmp_path / "run.log"):
            raise KeyError
    except KeyError:
        pass
    after = [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    assert after == before


def test_the_log_hides_the_password_of_the_metadata(tmp_path):
    log_file = tmp_path / "run.log"
    config = mlmd.ConnectionConfig()
    config.mysql.user, config.mysql.password = "me", "se\"cret' \\ é"
    with show_progress(1, log_file):
        absl_logging.info("Using connection config:\n %s", config)
    said = log_file.read_text()
    assert 'password: "..."' in said
    assert "cret" not in said
