"""An LSTM layer whose inputs meet their weights before the loop over time, not in it.

`lstm_ctc` uses it. Keras multiplies a frame by the input weights in each turn of its loop, as one
small product after the other, and so does the gradient. They do not depend on the turn before:
taken out of the loop they are one large product, which processors are far better at. The values are
those of `keras.layers.LSTM` to the last digits, and so are the weights and their names. On a GPU
Keras takes cuDNN, which does the same by itself; this loop stands in for Keras' other one alone.
"""

from typing import Any

import keras
import tensorflow as tf


class _HoistedLoop(keras.layers.RNN):
    """Keras' loop over time, for the cell of an LSTM with its usual activations."""

    def inner_loop(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor],
        mask: tf.Tensor | None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Runs over time.

        Args:
          sequences: float [n, t, features].
          initial_state: output and cell state, float [n, units].
          mask: bool [n, t]; where it is false the output is 0 and the state stays what it was.
          training: without effect: this layer drops nothing.

        Returns:
          The last output, all of them [n, t, units] in the order of the loop, the last state.
        """
        cell: Any = self.cell
        products = keras.ops.matmul(sequences, cell.kernel) + cell.bias  # [n, t, 4 * units]
        inputs, keep = _by_time(products, self.go_backwards), None
        if mask is not None:
            keep = _by_time(tf.cast(mask[..., None], products.dtype), self.go_backwards)
        recurrent = keras.ops.convert_to_tensor(cell.recurrent_kernel)
        output, state, outputs = _loop(inputs, keep, recurrent, *initial_state)
        return output, tf.transpose(outputs, [1, 0, 2]), [output, state]


@keras.saving.register_keras_serializable(package="handwriting")
class HoistedLstm(keras.layers.LSTM, _HoistedLoop):
    """`keras.layers.LSTM` with the faster loop.

    Args:
      units: of the output.
      given: `return_sequences` and `go_backwards` of Keras; the rest stays as Keras has it.
    """

    def __init__(self, units: int, **given: Any) -> None:
        super().__init__(units, **given)
        usual = self.activation is keras.activations.tanh
        usual &= self.recurrent_activation is keras.activations.sigmoid
        if not usual or self.dropout or self.recurrent_dropout or not self.use_bias:
            raise ValueError("expected an LSTM with Keras' activations, a bias and no dropout")


def _by_time(values: tf.Tensor, backwards: bool) -> tf.Tensor:
    """Returns [n, t, f] as [t, n, f], where asked with the last frame first."""
    turned = tf.transpose(values, [1, 0, 2])
    return tf.reverse(turned, [0]) if backwards else turned


def _loop(
    inputs: tf.Tensor,
    keep: tf.Tensor | None,
    recurrent: tf.Tensor,
    output: tf.Tensor,
    state: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Runs an LSTM without peepholes (Gers, Schmidhuber and Cummins 2000), gates as Keras has them.

    Args:
      inputs: [t, n, 4 * units], times their weights and with the bias.
      keep: [t, n, 1], 1 for a frame and 0 for what is behind the last; None for frames alone.
      recurrent: [units, 4 * units].
      output: before the first frame, [n, units].
      state: of the cell, [n, units].

    Returns:
      The last output, the last state, all outputs [t, n, units].
    """
    steps = tf.shape(inputs)[0]
    frames = tf.TensorArray(inputs.dtype, steps).unstack(inputs)
    kept = None if keep is None else tf.TensorArray(keep.dtype, steps).unstack(keep)
    outputs = tf.TensorArray(inputs.dtype, steps, element_shape=output.shape)

    def turn(
        step: tf.Tensor, output: tf.Tensor, state: tf.Tensor, outputs: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        gates = frames.read(step) + tf.matmul(output, recurrent)
        let_in, keep_state, candidate, let_out = tf.split(gates, 4, axis=1)
        new_state = tf.sigmoid(keep_state) * state + tf.sigmoid(let_in) * tf.tanh(candidate)
        new_output = tf.sigmoid(let_out) * tf.tanh(new_state)
        if kept is None:
            return step + 1, new_output, new_state, outputs.write(step, new_output)
        on = kept.read(step)
        outputs = outputs.write(step, on * new_output)
        new_state = state + on * (new_state - state)
        return step + 1, output + on * (new_output - output), new_state, outputs

    _, output, state, outputs = tf.while_loop(
        lambda step, *_: step < steps,
        turn,
        (0, output, state, outputs),
        maximum_iterations=steps,
    )
    return output, state, outputs.stack()
