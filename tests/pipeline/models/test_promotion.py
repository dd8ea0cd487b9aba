import subprocess
import sys
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import SERVING_MODEL
from pipeline.models.history import read_history
from pipeline.models.promotion import promote, rollback
from schema.errors import InputError
from serving.model_folder import ready_versions
from serving.monitor.reference import load_reference, reference_folder
from serving.monitor.references import References
from tests.serving.monitor.traffic import reference

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def abc(recorded):
    """Three models that were pushed one after the other; the last one serves."""
    recorded.models = []
    for name in "abc":
        model = recorded.train(name)
        recorded.judge(model)
        recorded.push(model)
        recorded.models.append(model)
    return recorded


def serve_again(recorded, **options):
    rollback(recorded.workspace, None, "ann", "it reads worse", **options)
    return recorded.serving()


def promote_model(recorded, model, **options):
    return promote(recorded.workspace, None, str(model.id), "ann", **options)


def test_repeated_rollbacks_walk_back_and_then_end(abc):
    assert serve_again(abc) == "b"
    assert serve_again(abc) == "a"
    before = ready_versions(abc.base_path)
    with pytest.raises(InputError, match="expected another model to have served before"):
        serve_again(abc)
    assert ready_versions(abc.base_path) == before


def test_what_a_model_is_watched_by_serves_again_with_it(abc):
    older = reference_folder(Path(abc.models[1].uri) / SERVING_MODEL)
    reference(20).save(older)
    serve_again(abc)
    serving = abc.base_path / str(max(ready_versions(abc.base_path)))
    assert References(abc.base_path).usual.model == serving
    assert len(load_reference(reference_folder(serving))) == 20


def test_versions_only_grow_and_stay(abc):
    before = ready_versions(abc.base_path)
    serve_again(abc)
    serve_again(abc)
    after = ready_versions(abc.base_path)
    assert before.items() <= after.items()
    new = sorted(set(after) - set(before))
    assert len(new) == 2
    assert new[0] > max(before)


def test_what_was_rolled_back_is_not_returned_to(abc):
    assert serve_again(abc) == "b"
    newest = abc.train("d")
    abc.judge(newest)
    promote_model(abc, newest)
    assert abc.serving() == "d"
    assert serve_again(abc) == "b"  # which served before d, not c
    assert serve_again(abc) == "a"


def test_a_model_that_was_pushed_twice_is_one_step(abc):
    abc.push(abc.models[-1])
    assert serve_again(abc) == "b"


def test_a_rollback_takes_the_version_that_it_is_told(abc):
    assert serve_again(abc, to=abc.versions[0]) == "a"
    assert serve_again(abc, to=abc.versions[2]) == "c"


def test_a_version_that_never_was_is_refused(abc):
    with pytest.raises(InputError, match="of sample-lines, got 5: the versions are 1700000000, "):
        serve_again(abc, to=5)


def test_what_serves_is_not_pushed_again(abc):
    with pytest.raises(InputError, match="which serves as version 1700000200: choose another"):
        promote_model(abc, abc.models[-1])
    with pytest.raises(InputError, match="which serves as version 1700000200: choose another"):
        serve_again(abc, to=abc.versions[-1])


def test_nothing_to_roll_back_from(recorded):
    recorded.train()
    with pytest.raises(InputError, match="expected a pushed model to roll back from, got none"):
        serve_again(recorded)


def test_a_version_put_there_by_hand_is_not_taken_for_ours(abc):
    folder = abc.base_path / "1800000000"
    folder.mkdir()
    (folder / "saved_model.pb").write_text("unknown")
    with pytest.raises(InputError, match=r"got 1800000000 in .* --to VERSION"):
        serve_again(abc)
    assert serve_again(abc, to=abc.versions[0]) == "a"


def test_a_version_taken_away_by_hand_no_longer_serves(abc):
    (abc.base_path / str(abc.versions[2]) / "saved_model.pb").unlink()
    assert read_history(abc.workspace, None).serving_version == abc.versions[1]
    assert serve_again(abc) == "a"


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda recorded, model: None, "it was not judged here"),
        (
            lambda recorded, model: recorded.judge(model, False, "CER 9% is too high"),
            r"the gate refused it \(CER 9% is too high\)",
        ),
        (
            lambda recorded, model: (
                recorded.judge(model, True),
                recorded.validate(model, False, "no signature"),
            ),
            r"the model server refused it \(no signature\)",
        ),
    ],
)
def test_only_force_goes_past_the_gate(abc, prepare, why):
    model = abc.train("d")
    prepare(abc, model)
    with pytest.raises(InputError, match=f"{why}; show .* --force --reason TEXT overrules it"):
        promote_model(abc, model)
    with pytest.raises(InputError, match="expected --reason TEXT with --force, got none"):
        promote_model(abc, model, force=True, reason="  ")
    assert abc.serving() == "c"
    promote_model(abc, model, force=True, reason="for the exhibition")
    assert abc.serving() == "d"


def test_the_lineage_keeps_author_and_reason(abc):
    model = abc.train("d")
    done = promote_model(abc, model, force=True, reason="for the exhibition")
    [execution] = abc.store.get_executions_by_type("Promotion")
    assert execution.last_known_state == mlmd.Execution.COMPLETE
    told = {key: v.string_value or v.int_value for key, v in execution.properties.items()}
    assert told == {
        "action": "promote",
        "author": "ann",
        "reason": "for the exhibition",
        "forced": 1,
    }
    events = abc.store.get_events_by_execution_ids([execution.id])
    linked = {event.type: event.artifact_id for event in events}
    assert linked[mlmd.Event.INPUT] == model.id
    [pushed] = abc.store.get_artifacts_by_id([linked[mlmd.Event.OUTPUT]])
    assert pushed.type == "PushedModel"
    assert pushed.custom_properties["pushed"].int_value == 1
    assert pushed.custom_properties["pushed_destination"].string_value == str(done.version)
    assert pushed.custom_properties["pushed_version"].string_value == done.version.name
    assert execution in abc.store.get_executions_by_context(abc.pipeline.id)
    assert pushed in abc.store.get_artifacts_by_context(abc.pipeline.id)


def test_an_unforced_promotion_keeps_its_author_too(abc):
    promote_model(abc, abc.models[0], reason="calm", force=True)
    push = read_history(abc.workspace, None).serving
    assert (push.action, push.author, push.reason, push.forced) == ("promote", "ann", "calm", False)


def test_a_rollback_says_what_it_restored(abc):
    serve_again(abc)
    push = read_history(abc.workspace, None).serving
    assert (push.action, push.restored, push.model_id) == (
        "rollback",
        abc.versions[1],
        abc.models[1].id,
    )


def test_the_first_push_of_all_may_be_a_promotion(recorded):
    model = recorded.train("a")
    promote_model(recorded, model, force=True, reason="to begin")
    assert recorded.serving() == "a"
    [kind] = [t for t in recorded.store.get_artifact_types() if t.name == "PushedModel"]
    assert kind.base_type == mlmd.ArtifactType.MODEL  # as TFX registers it


def test_a_pushed_copy_stands_in_for_files_that_are_gone(abc):
    for model in abc.models[:2]:
        (Path(model.uri) / "Format-Serving" / "saved_model.pb").unlink()
    assert serve_again(abc) == "b"
    (abc.base_path / str(abc.versions[0]) / "saved_model.pb").unlink()
    before = sorted(path.name for path in abc.base_path.iterdir())
    with pytest.raises(InputError, match=r"expected the files of model \d+, got no saved_model.pb"):
        serve_again(abc)
    assert sorted(path.name for path in abc.base_path.iterdir()) == before


def test_all_of_the_model_is_copied(abc):
    done = promote_model(abc, abc.models[0])
    assert (done.version / "variables" / "variables.index").read_text() == "weights of a"


def test_a_full_disk_pushes_nothing(abc, monkeypatch):
    def fail(source, target):
        Path(target).mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", fail)
    before = sorted(abc.base_path.iterdir())
    with pytest.raises(InputError, match=r"No space left on device: mend .* nothing was pushed"):
        serve_again(abc)
    assert sorted(abc.base_path.iterdir()) == before
    assert abc.store.get_executions_by_type("Promotion") == []


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from pipeline.models.promotion import rollback
from pipeline.workspace import Workspace
{kill}
rollback(Workspace(Path(sys.argv[1])), None, "ann")
"""


def run_killed(recorded, kill):
    code = KILLED.format(kill=kill)
    killed = subprocess.run([sys.executable, "-c", code, recorded.folder], cwd=ROOT)
    assert killed.returncode == -9


def test_a_copy_that_is_killed_half_way_is_never_a_version(abc):
    before = ready_versions(abc.base_path)
    run_killed(
        abc,
        """
def copy_and_die(source, target):
    target.mkdir()
    (target / "saved_model.pb").write_text("half of it")
    os.kill(os.getpid(), signal.SIGKILL)
shutil.copytree = copy_and_die
""",
    )
    assert ready_versions(abc.base_path) == before
    assert [path for path in abc.base_path.iterdir() if path.name.isdigit()] == [*before.values()]
    assert read_history(abc.workspace, None).serving.version == abc.versions[2]
    assert serve_again(abc) == "b"
    assert not list(abc.base_path.glob(".*"))


def test_a_version_that_had_appeared_keeps_its_author_when_killed(abc):
    run_killed(
        abc,
        """
from pipeline.models.record import PromotionRecord
PromotionRecord.complete = lambda record: os.kill(os.getpid(), signal.SIGKILL)
""",
    )
    assert abc.serving() == "b"
    history = read_history(abc.workspace, None)
    assert (history.serving.author, history.serving.model_id) == ("ann", abc.models[1].id)
    assert serve_again(abc) == "a"


def test_a_version_that_was_announced_and_never_appeared_does_not_count(abc):
    run_killed(
        abc,
        """
from pipeline.models.record import PromotionRecord
begin = PromotionRecord.begin
def begin_and_die(record, version):
    begin(record, version)
    os.kill(os.getpid(), signal.SIGKILL)
PromotionRecord.begin = begin_and_die
""",
    )
    history = read_history(abc.workspace, None)
    assert history.serving.version == abc.versions[2]
    assert [push.version for push in history.pushes] == abc.versions
    assert serve_again(abc) == "b"
