from pipeline.buckets.artifacts import Artifacts
from pipeline.run_metadata import RunMetadata

PLACE = "sample-lines/Tuner/tuner_results/3"


def test_what_a_run_made_is_fetched_where_it_is_read(recorded, gcs_store, tmp_path):
    here = Artifacts(tmp_path / "here", gcs_store.address)
    there = Artifacts(tmp_path / "there", gcs_store.address)
    (here.folder / PLACE).mkdir(parents=True)
    (here.folder / PLACE / "search.png").write_bytes(b"a picture")
    uri = f"{gcs_store.address}/{PLACE}"
    here.upload(uri)
    found = {"hyperparameters": {}, "train_steps": 3, "picture": f"{uri}/search.png"}
    results = recorded.artifact("TunerResults")
    results.uri = uri
    recorded.store.put_artifacts([results])
    recorded.execute("Tuner", {}, {"tuner_results": results})
    recorded.train(search=found)
    metadata = RunMetadata(recorded.workspace.database, recorded.name, there)
    assert metadata.folder("Tuner", "tuner_results") == there.folder / PLACE
    told = metadata.search()
    assert told == found | {"picture": str(there.folder / PLACE / "search.png")}
    assert (there.folder / PLACE / "search.png").read_bytes() == b"a picture"
    assert uri in [entry.uri for entry in metadata.lineage()]
