"""Whether a model can be measured at all: asked before the Evaluator would fail on it."""

import tensorflow as tf

from schema.splits import TEST
from serving.model_folder import MODEL_FILE
from serving.signatures import SERVING_EXAMPLES


def find_flaw(model: str, output: str, examples: str) -> str | None:
    """Loads a model and asks it to read one test example through its own signature.

    Args:
      model: URI of the SavedModel.
      output: that the signature must have.
      examples: URI of the transformed examples.

    Returns:
      what is wrong, in words; None where nothing is.
    """
    if not tf.io.gfile.exists(f"{model}/{MODEL_FILE}"):
        return f"it is no longer at {model}"
    try:
        loaded = tf.saved_model.load(model)
        if SERVING_EXAMPLES not in loaded.signatures:
            return f"it has no signature {SERVING_EXAMPLES}"
        read = loaded.signatures[SERVING_EXAMPLES]
        if output not in read.structured_outputs:
            return f"its signature {SERVING_EXAMPLES} has no output {output}"
        [name] = read.structured_input_signature[1]
        for example in _first_example(examples):
            read(**{name: tf.constant([example])})
    except Exception as error:  # whatever a model of another time raises
        return f"it does not load or run: {type(error).__name__}: {_first_line(error)}"
    return None


def _first_example(examples: str) -> list[bytes]:
    paths = sorted(tf.io.gfile.glob(f"{examples}/Split-{TEST}/*.gz"))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP")
    return list(records.take(1).as_numpy_iterator())


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:200]
