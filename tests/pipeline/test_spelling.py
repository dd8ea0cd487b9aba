import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_metadata.proto import metadata_store_pb2 as mlmd
from ml_metadata.proto import metadata_store_service_pb2 as requests

from pipeline.spelling import SHOWN, read, respell, spell

TEXTS = st.text() | st.text("\\\0\uff3c\ue0000a\"'", max_size=12)
"""Any, and such as are made of what is spelled."""


@given(TEXTS)
def test_what_is_spelled_is_read_again(text):
    assert read(spell(text)) == text


@given(TEXTS)
def test_no_backslash_and_no_nul_is_sent(text):
    assert not {"\\", "\0"} & set(spell(text))


@given(st.text(st.characters(exclude_characters="\\\0\uff3c\ue000")))
def test_other_texts_are_spelled_as_they_are(text):
    assert spell(text) == read(text) == text


def test_people_can_read_it():
    assert spell('"{\\"a\\": 1}"') == f'"{{{SHOWN}"a{SHOWN}": 1}}"'


@given(st.dictionaries(TEXTS, TEXTS, max_size=5), TEXTS)
def test_a_message_is_spelled_in_all_its_strings(properties, text):
    request = requests.PutExecutionRequest()
    request.execution.name = request.execution.type = text
    for key, value in properties.items():
        request.execution.custom_properties[key].string_value = value
    pair = request.artifact_event_pairs.add()
    pair.artifact.uri = text
    pair.event.path.steps.add().key = text
    request.contexts.add().name = text
    before = requests.PutExecutionRequest.FromString(request.SerializeToString())
    respell(request, spell)
    sent = request.execution.custom_properties
    assert {key: sent[key].string_value for key in sent} == {
        spell(key): spell(value) for key, value in properties.items()
    }
    assert request.contexts[0].name == pair.artifact.uri == pair.event.path.steps[0].key
    assert pair.artifact.uri == request.execution.name == spell(text)
    respell(request, read)
    assert request == before


def test_keys_that_change_places_are_kept_apart():
    """Read, the first is spelled as the second is sent."""
    kind = mlmd.ArtifactType(properties={spell(SHOWN): mlmd.INT, SHOWN: mlmd.STRING})
    respell(kind, read)
    assert dict(kind.properties) == {SHOWN: mlmd.INT, "\\": mlmd.STRING}


def test_repeated_strings_and_masks_are_spelled():
    request = requests.GetArtifactsByURIRequest(uris=["a\\b", "c"])
    respell(request, spell)
    assert list(request.uris) == [f"a{SHOWN}b", "c"]
    put = requests.PutArtifactsRequest()
    put.update_mask.paths.append("custom_properties.a\\b")
    respell(put, spell)
    assert list(put.update_mask.paths) == [f"custom_properties.a{SHOWN}b"]


def test_what_ml_metadata_stores_as_base64_is_left():
    artifact = mlmd.Artifact()
    artifact.custom_properties["told"].struct_value.update({"a\\": "b\\"})
    before = mlmd.Artifact.FromString(artifact.SerializeToString())
    respell(artifact, spell)
    assert artifact == before


def test_a_filter_that_quotes_is_refused():
    request = requests.GetArtifactsRequest()
    request.options.filter_query = r"uri = 'it\'s'"
    with pytest.raises(NotImplementedError, match="a filter_query without a backslash, got"):
        respell(request, spell)
