"""Fits what a line model needs beside its network: language model, its weight, and calibration.

Between training and export. The language model learns from the training texts alone; everything
else is chosen on the validation lines, never on those of the test.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from schema.alphabet import BLANK, Alphabet
from trainer_module.confidence_fit import LineLogits, calibrate, spell
from trainer_module.reliability import Reliability
from transforms.beam_search import decode_beam
from transforms.calibration import Calibration
from transforms.decoding_options import BEAM, DecodingOptions
from transforms.edit_distance import count_edits
from transforms.line_decoding import CANDIDATES, CERTAIN_FRAME, LineDecoding
from transforms.ngram import NgramAutomaton, learn_ngrams
from transforms.prefix_beams import LanguageBonus
from transforms.tracing import traced

MAX_STATES = 16_384
"""Contexts of the language model: 10 MB with 80 classes."""

FIT_LINES = 2_000
"""Validation lines that are looked at."""

WEIGHTS = ((0.0, 0.0), *itertools.product((0.25, 0.5, 0.75, 1.0), (0.0, 1.0, 2.0)))
"""Pairs of alpha and beta that are tried, by alpha; the first leaves the network alone. A character
of an English text costs the model 1.5 nats or so, of which beta gives back what alpha took."""


def collect_logits(
    network: Callable[[dict[str, tf.Tensor]], tf.Tensor],
    batches: Iterable[tuple[dict[str, tf.Tensor], tf.Tensor]],
    alphabet: Alphabet,
) -> list[LineLogits]:
    """Runs the network once over the first `FIT_LINES` lines.

    Args:
      network: inputs -> logits.
      batches: as `input_pipeline.evaluation_batches` makes them.
      alphabet: of the labels.
    """
    found: list[LineLogits] = []
    for inputs, labels in batches:
        texts = tuple(alphabet.decode(label[label != BLANK]) for label in labels.numpy())
        found.append(LineLogits(network(inputs).numpy(), texts))
        if sum(len(batch.texts) for batch in found) >= FIT_LINES:
            break
    return found


def fit_decoding(
    options: DecodingOptions,
    train_texts: Iterable[str],
    validation: Sequence[LineLogits],
    alphabet: Alphabet,
) -> tuple[LineDecoding, Reliability]:
    """Fits everything.

    Args:
      options: which decoder.
      train_texts: those of the training split.
      validation: the network's view of validation lines.
      alphabet: of the texts.

    Returns:
      the decoding, and how reliable its confidences are on lines left out of their fit.
    """
    decoding = LineDecoding(options)
    if options.decoder == BEAM and options.ngram_order:
        automaton = learn_ngrams(
            map(alphabet.encode, train_texts),
            alphabet.num_classes,
            options.ngram_order,
            MAX_STATES,
        )
        alpha, beta = choose_weights(automaton, options.beam_width, validation, alphabet)
        decoding = replace(decoding, automaton=automaton, alpha=alpha, beta=beta)
    return calibrate(decoding, validation, alphabet)


def choose_weights(
    automaton: NgramAutomaton, width: int, validation: Sequence[LineLogits], alphabet: Alphabet
) -> tuple[float, float]:
    """Returns the alpha and beta to read with.

    The lines of validation use the words of training, and a language model that is trusted for
    them fails on others. So the pair with the fewest edits is not taken at its word: of all pairs
    that are worse by no more than a standard error, the one with the least alpha is chosen (the
    rule of Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3).
    """
    any_lines = tf.TensorSpec([None, None, alphabet.num_classes])

    @traced(input_signature=[any_lines, tf.TensorSpec([]), tf.TensorSpec([])])
    def read(logits: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
        language = LanguageBonus.of(automaton, alpha, beta)
        return decode_beam(logits, language, width, CANDIDATES, CERTAIN_FRAME)[0]

    def edits(weights: tuple[float, float]) -> NDArray[np.int64]:
        counts = [
            count_edits(truth, spell(row, alphabet)).character_edits
            for batch in validation
            for truth, row in zip(batch.texts, read(batch.logits, *weights).numpy(), strict=True)
        ]
        return np.array(counts)

    return WEIGHTS[choose_cautious(np.stack([edits(weights) for weights in WEIGHTS]))]


def choose_cautious(edits: NDArray[np.int64]) -> int:
    """Returns the first row of edits [choices, lines] that may well be as good as the best one.

    The lines are the sampling unit, and the same for all choices: what counts is the standard
    error of the difference to the best row.
    """
    more = edits - edits[np.argmin(edits.sum(axis=1))]  # [choices, lines]
    standard_error = np.sqrt(more.shape[1]) * more.std(axis=1)  # of the sum
    return int(np.argmax(more.sum(axis=1) <= standard_error))


def describe_decoding(decoding: LineDecoding) -> dict[str, object]:
    """Tells what was fitted, for the model card."""

    def curve(calibration: Calibration) -> dict[str, object]:
        return {"weights": list(calibration.weights), "bias": calibration.bias}

    automaton = decoding.automaton
    return {
        "decoder": decoding.options.decoder,
        "beam_width": decoding.options.beam_width,
        "ngram_order": decoding.options.ngram_order,
        "ngram_contexts": 0 if automaton is None else len(automaton.log_prob),
        "alpha": decoding.alpha,
        "beta": decoding.beta,
        "line_calibration": curve(decoding.lines),
        "character_calibration": curve(decoding.characters),
    }
