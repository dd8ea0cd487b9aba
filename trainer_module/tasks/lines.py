"""The task `lines`: CTC networks that read a line of text."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import tensorflow as tf

from schema.alphabet import Alphabet
from serving.decoding_file import write_decoding
from serving.export import LineDescriber, LineNetwork, LineReader, export_servable
from serving.litert import export_litert
from serving.model_folder import DECODING_FILE, EXTRA_ASSETS, LITERT_FILE
from trainer_module.decoding_fit import collect_logits, describe_decoding, fit_decoding
from trainer_module.evaluation import LineValidator
from trainer_module.fresh_lines import make_dealer
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lines import LineHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.input_pipeline import Batching, TrainingLines, evaluation_batches
from trainer_module.line_index import IndexedLine, count_batches, index_lines, keep_learnable
from trainer_module.loss import CtcLoss
from trainer_module.networks.line_cnn import LineCnn
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.networks.stem import IMAGE, WIDTH, mean_frame
from trainer_module.reliability import RELIABILITY_FILE, Reliability, write_reliability
from trainer_module.share import WHOLE, Share
from trainer_module.task_names import LINES
from trainer_module.tasks.base import SplitFiles
from trainer_module.variation import Variation
from transforms.image import LINE_HEIGHT, read_line
from transforms.line_decoding import LineDecoding
from transforms.tracing import traced

EVALUATION_BATCH = 64


@dataclass(frozen=True)
class LinesTask:
    """Lines of an alphabet, read by `lstm_ctc` or `line_cnn`, whichever the record is of."""

    hyperparameters: LineHyperparameters
    alphabet: Alphabet
    variation: Variation = field(default_factory=Variation)
    name: str = LINES

    def count_batches(self, files: Sequence[str]) -> int:
        """Looks for lines that CTC cannot learn, and counts the batches of the others."""
        lines = _index_learnable(tuple(files), self.alphabet, self.hyperparameters.stride)
        return count_batches(lines, self.hyperparameters.batch_size)

    def build_network(self) -> keras.Model:
        """Makes the network with new weights."""
        if isinstance(self.hyperparameters, LineCnnHyperparameters):
            return LineCnn(self.hyperparameters, self.alphabet.num_classes)
        if isinstance(self.hyperparameters, LstmCtcHyperparameters):
            return LstmCtc(self.hyperparameters, self.alphabet.num_classes)
        raise TypeError(f"no network reads lines with {type(self.hyperparameters).__name__}")

    def make_loss(self) -> keras.losses.Loss:
        """Makes the CTC loss."""
        return CtcLoss()

    def training_batches(
        self,
        files: Sequence[str],
        seed: int,
        first_epoch: int,
        last_epoch: int,
        share: Share = WHOLE,
    ) -> tf.data.Dataset:
        """Makes batches of lines of like width, fresh ones where they are made of glyphs."""
        return self._training_lines(files, seed, share).batches(range(first_epoch, last_epoch))

    def name_batch(
        self, files: Sequence[str], seed: int, epoch: int, step: int, share: Share = WHOLE
    ) -> list[str]:
        """Returns the sample ids of one of these batches."""
        return self._training_lines(files, seed, share).name_batch(epoch, step)

    def _training_lines(self, files: Sequence[str], seed: int, share: Share) -> TrainingLines:
        dealer = None
        if self.hyperparameters.fresh_lines:
            dealer = make_dealer(files, self.alphabet, self.variation.synthesis)
        return TrainingLines(
            files,
            self._batching(self.hyperparameters.batch_size),
            seed,
            self.count_batches(files),
            dealer,
            self.variation.augmentation,
            share,
        )

    def make_validator(self, network: keras.Model, files: Sequence[str]) -> LineValidator:
        """Makes what measures corpus CER."""
        batches = evaluation_batches(files, self._batching(EVALUATION_BATCH))
        return LineValidator(network, batches, self.alphabet)

    def _batching(self, batch_size: int) -> Batching:
        whole_buckets = self.hyperparameters.xla
        return Batching(self.alphabet, self.hyperparameters.stride, batch_size, whole_buckets)

    def export(
        self,
        network: keras.Model,
        folder: Path,
        model_card: dict[str, object],
        warmup_images: Sequence[bytes],
        files: SplitFiles,
    ) -> None:
        """Fits the decoder and the confidences, and writes a `LineReader`."""
        reads, describes = share_look(network)
        decoding, reliability = self._fit_decoding(reads, files)
        variables = [variable.value for variable in network.variables]
        reader = LineReader(reads, variables, self.alphabet, decoding, describes)
        card = {
            "reads": "one line of handwriting, as PNG or JPEG of any size, to text",
            **model_card,
            "decoding": describe_decoding(decoding),
        }
        export_servable(reader, folder, self.alphabet, card, warmup_images)
        write_decoding(decoding, folder / EXTRA_ASSETS / DECODING_FILE)
        write_reliability(reliability, folder / EXTRA_ASSETS / RELIABILITY_FILE)
        if self.hyperparameters.litert:
            export_litert(
                line_network(network),  # traced anew, for its fixed shape
                variables,
                self.alphabet,
                [read_line(image).numpy()[:, :, 0] for image in warmup_images],
                folder / EXTRA_ASSETS / LITERT_FILE,
            )

    def _fit_decoding(
        self, reads: LineNetwork, files: SplitFiles
    ) -> tuple[LineDecoding, Reliability]:
        batches = evaluation_batches(files.validation, self._batching(EVALUATION_BATCH))
        spell = traced(
            lambda inputs: reads(inputs[IMAGE], inputs[WIDTH]),
            input_signature=[batches.element_spec[0]],
        )
        return fit_decoding(
            self.hyperparameters,
            [line.text for line in index_lines(files.train)],
            collect_logits(spell, batches, self.alphabet),
            self.alphabet,
        )


def line_network(network: keras.Model) -> LineNetwork:
    """Returns the forward pass of a line network, as exporters take it."""
    return lambda lines, widths: network({IMAGE: lines, WIDTH: widths}, training=False)


def share_look(network: keras.Model) -> tuple[LineNetwork, LineDescriber]:
    """Returns the forward pass and the description of lines, with their greater part as one graph.

    What they share is traced and saved once: a model of `lstm_ctc` has 1,867 nodes in place of
    2,267, and is sooner exported and loaded.
    """

    @traced(
        input_signature=[
            tf.TensorSpec([None, LINE_HEIGHT, None, 1], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def look(lines: tf.Tensor, widths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return network.look({IMAGE: lines, WIDTH: widths})

    return (
        lambda lines, widths: network.spell(*look(lines, widths)),
        lambda lines, widths: mean_frame(*look(lines, widths)),
    )


@functools.lru_cache(maxsize=2)  # training and validation
def _index_learnable(files: tuple[str, ...], alphabet: Alphabet, stride: int) -> list[IndexedLine]:
    return keep_learnable(index_lines(files), alphabet, stride)
