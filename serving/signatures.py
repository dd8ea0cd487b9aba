"""The names in the signatures of a pushed model, said once for exporters, servers and clients.

The exporters write them into the SavedModel, `serving.client` asks with them, and the pipeline's
Evaluator and InfraValidator look for them.
"""

SERVING_DEFAULT = "serving_default"
"""The signature for clients: `IMAGE_BYTES` in, dense outputs out; used when none is named."""

SERVING_EXAMPLES = "serving_examples"
"""The signature for the pipeline: `EXAMPLES` in, the outputs of `SERVING_DEFAULT` out."""

IMAGE_BYTES = "image_bytes"
"""Input of `SERVING_DEFAULT`: string [N], each an encoded PNG or JPEG of any size."""

EXAMPLES = "examples"
"""Input of `SERVING_EXAMPLES`: string [N], each a serialized `tf.train.Example`."""

FEATURES = "features"
"""The signature for monitoring, of line models: `IMAGE_BYTES` in, the output of the same name out:
float32 [N, d], the mean of what the network's trunk makes of the line, frame by frame."""

TEXT = "text"
"""Output of a line model: string [N], the reading in UTF-8."""

CONFIDENCE = "confidence"
"""Output of a line or character model: float32 [N], from 0 to 1. Of a line model: the probability
that the whole text is right, calibrated on the validation lines."""

CHARACTER = "character"
"""Output of a character model: string [N], the named character in UTF-8."""

TOP_CHARACTERS = "top_characters"
"""Output of a character model: string [N, 5], the likeliest characters, the named one first."""

TOP_PROBABILITIES = "top_probabilities"
"""Output of a character model: float32 [N, 5], their probabilities."""

CHARACTER_CONFIDENCES = "character_confidences"
"""Output of a line model: float32 [N, longest], from 0 to 1: of each character of the text that it
is right, padded with -1 to the longest text of the request. Of a page model: [N, M, longest]."""

BOXES = "boxes"
"""Output of a detector or page model: float32 [N, M, 4], ymin xmin ymax xmax in pixels of the
given image, in reading order, padded with -1."""

COUNT = "count"
"""Output of a detector or page model: int32 [N], the lines found in each image."""

TEXTS = "texts"
"""Output of a page model: string [N, M], the reading of each line, padded with ""."""

CONFIDENCES = "confidences"
"""Output of a page model: float32 [N, M], from 0 to 1, padded with -1."""

SCORES = "scores"
"""Output of a detector: float32 [N, M], how sure each line is, from 0 to 1, padded with -1."""

LOGGED_LATENCY_MS = "request_log/latency_ms"
"""No output of a model: float32 [], milliseconds from a request's arrival to its outputs. The
embedded server adds it to the response that it logs, and to no other; PredictionLog has no field
for it, and TensorFlow Serving logs none."""
