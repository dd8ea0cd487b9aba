"""Trains one network on several machines: MultiWorkerMirroredStrategy, in a process of its own.

Every machine makes its share of each batch; gradients are added up over all of them, and each
takes the same step. The leader alone validates, keeps the state and shows progress; whether to go
on is its word, so that no rounding on another machine can leave one waiting. A loop instead of
`keras.Model.fit`, which cannot build a network of several inputs under this strategy.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from schema.errors import InputError
from trainer_module.acceleration import compile_training_call, precision
from trainer_module.callbacks import EndOfEpoch, Progress
from trainer_module.cluster import Cluster, check_batch
from trainer_module.hyperparameters import NETWORKS
from trainer_module.loss_guard import LossGuard
from trainer_module.optimizer import make_optimizer
from trainer_module.share import Share
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tasks.base import TrainingTask
from trainer_module.tasks.factory import make_task
from trainer_module.train import TrainingPlan
from trainer_module.training_job import TrainingJob
from trainer_module.training_state import TrainingState
from trainer_module.variation import Variation
from trainer_module.warm_start import warm_start
from transforms.tracing import traced


def train_together(cluster: Cluster, told: TrainingJob | None) -> keras.Model:
    """Trains what the leader says; the process must not have used TensorFlow before.

    Args:
      cluster: all machines, as in TF_CONFIG.
      told: the training, on the leader; None elsewhere.

    Returns:
      the network, with the same weights on every machine.

    Raises:
      InputError: a split is empty, or the batch cannot be shared, or the loss is not finite.
    """
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    job = TrainingJob.from_json(_tell(strategy, told.to_json() if told else ""))
    task, part = _make_tasks(job, strategy.num_replicas_in_sync)
    plan = TrainingPlan.of(job.train_steps, task.count_batches(job.train_files))
    keras.utils.set_random_seed(job.seed)
    state = TrainingState.open(Path(job.state_folder)) if cluster.leads else None
    with strategy.scope(), precision(task.hyperparameters.precision):
        model = part.build_network()
        if state and not state.history and job.base_model:
            warm_start(part, model, Path(job.base_model))
        if task.hyperparameters.xla:
            compile_training_call(model, part.hyperparameters.batch_size)
        optimizer = make_optimizer(task.hyperparameters, plan.steps)
        optimizer.build(model.trainable_variables)
        loss = task.make_loss()
    # Saving reads all that hangs on the model. Keras' metrics, made within the scope, and the
    # loss's count would ask all machines, and those, which do not save, would mistake the question.
    model.compile(optimizer, jit_compile=False)
    if state:
        state.restore_last(model)
    _share_weights(strategy, model)
    done = int(_broadcast(strategy, [state.epochs_done if state else 0.0])[0])
    share = Share(cluster.index, len(cluster.addresses))
    guard = LossGuard(
        loss, lambda epoch, step: part.name_batch(job.train_files, job.seed, epoch, step, share)
    )
    callbacks = _make_callbacks(job, part, model, plan, state, guard)
    step = _make_step(strategy, model, loss)
    epochs = range(done, plan.epochs)
    training = _Training(strategy, model, part, job, share, step, callbacks)
    training.run(epochs, plan.steps_per_epoch)
    return model


def _make_tasks(job: TrainingJob, replicas: int) -> tuple[TrainingTask, TrainingTask]:
    """Returns the task as it is, and with the batch of one replica."""
    whole = NETWORKS[job.network].from_dict(job.hyperparameters)
    check_batch(whole.batch_size, replicas)
    part = dataclasses.replace(whole, batch_size=whole.batch_size // replicas)
    rest = (job.symbols, Variation.from_dict(job.variation))
    whole_task, part_task = (
        make_task(job.task, job.network, dataclasses.asdict(each), *rest) for each in (whole, part)
    )
    return whole_task, part_task


def _make_callbacks(
    job: TrainingJob,
    part: TrainingTask,
    model: keras.Model,
    plan: TrainingPlan,
    state: TrainingState | None,
    guard: LossGuard,
) -> tuple[keras.callbacks.Callback, ...]:
    """Returns what looks at each batch, and on the leader what it does beside."""
    callbacks: tuple[keras.callbacks.Callback, ...] = (guard,)
    if state is not None:
        done = state.epochs_done * plan.steps_per_epoch
        validator = part.make_validator(model, job.validation_files)
        callbacks += (
            EndOfEpoch(validator, state, part.hyperparameters.patience, job.seed),
            Progress(plan.steps, done, state, ERROR_NAMES[part.name]),
        )
    for callback in callbacks:
        callback.set_model(model)
    return callbacks


@dataclasses.dataclass(frozen=True)
class _Training:
    """What all epochs of this machine share; `step` takes a distributed batch to its mean loss."""

    strategy: tf.distribute.MultiWorkerMirroredStrategy
    model: keras.Model
    part: TrainingTask
    job: TrainingJob
    share: Share
    step: Any
    callbacks: tuple[keras.callbacks.Callback, ...]

    def run(self, epochs: range, steps: int) -> None:
        """Trains until the leader has enough."""
        self.model.stop_training = False
        step = None
        for epoch in epochs:
            self.model.reseed(self.job.seed, epoch)
            for callback in self.callbacks:
                callback.on_epoch_begin(epoch)
            batches = _distribute(self.strategy, self.part, self.job, epoch, self.share)
            # One graph for all epochs and widths: collectives meet by their order within it, which
            # machines that traced for other shapes do not have in common.
            step = step or traced(self.step, input_signature=(batches.element_spec,))
            self._run_epoch(epoch, steps, iter(batches), step)
            if _broadcast(self.strategy, [float(self.model.stop_training)])[0]:
                break
        for callback in self.callbacks:
            callback.on_train_end()

    def _run_epoch(self, epoch: int, steps: int, batches: Iterator[Any], step: Any) -> None:
        total = 0.0
        for number in range(steps):
            total += float(step(next(batches)))
            for callback in self.callbacks:
                callback.on_train_batch_end(number, {"loss": total / (number + 1)})
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, {"loss": total / steps})


def _distribute(
    strategy: tf.distribute.MultiWorkerMirroredStrategy,
    part: TrainingTask,
    job: TrainingJob,
    epoch: int,
    share: Share,
) -> tf.distribute.DistributedDataset:
    """Makes this machine's share of an epoch; it begins anew where another machine has more."""
    batches = part.training_batches(job.train_files, job.seed, epoch, epoch + 1, share)
    if not list(batches.take(1)):
        raise InputError(
            f"expected training examples for {share.count} machines, got none for number "
            f"{share.index}: use fewer machines"
        )
    return strategy.distribute_datasets_from_function(lambda _: batches.repeat())


def _make_step(
    strategy: tf.distribute.MultiWorkerMirroredStrategy,
    model: keras.Model,
    loss_of: keras.losses.Loss,
) -> Any:
    """Makes the function that takes a step and returns the mean loss over all replicas."""
    optimizer = model.optimizer

    def one_replica(batch: Any) -> tf.Tensor:
        inputs, labels = batch
        with tf.GradientTape() as tape:
            # Keras' losses divide by the number of replicas themselves.
            loss = loss_of(labels, model(inputs, training=True))
            scaled = optimizer.scale_loss(loss)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(scaled, [each.value for each in variables]), variables)
        return loss

    def step(batch: Any) -> tf.Tensor:
        return strategy.reduce("SUM", strategy.run(one_replica, args=(batch,)), axis=None)

    return step


def _broadcast(strategy: tf.distribute.MultiWorkerMirroredStrategy, values: Any) -> np.ndarray:
    """Returns the leader's numbers, float32 [n], on all machines, and waits for all of them."""

    @traced
    def share(own: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        first = tf.equal(context.replica_id_in_sync_group, 0)
        return context.all_reduce("SUM", tf.where(first, own, tf.zeros_like(own)))

    shared = strategy.run(share, args=(tf.constant(values, tf.float32),))
    return strategy.experimental_local_results(shared)[0].numpy()


def _tell(strategy: tf.distribute.MultiWorkerMirroredStrategy, text: str) -> str:
    """Returns the leader's text on all machines."""
    characters = np.frombuffer(text.encode(), np.uint8).astype(np.float32)
    length = int(_broadcast(strategy, [len(characters)])[0])
    own = characters if len(characters) == length else np.zeros(length, np.float32)
    return _broadcast(strategy, own).astype(np.uint8).tobytes().decode()


def _share_weights(strategy: tf.distribute.MultiWorkerMirroredStrategy, model: keras.Model) -> None:
    """Gives all machines the leader's weights and optimizer, at once."""
    variables = [
        variable
        for variable in (*model.variables, *model.optimizer.variables)
        if variable.dtype != "uint32"  # dropout's, which each epoch seeds
    ]
    # Whole numbers are exact in float32 to 2 ** 24.
    values = [np.asarray(variable, np.float32) for variable in variables]
    ends = np.cumsum([value.size for value in values])
    shared = _broadcast(strategy, np.concatenate([value.ravel() for value in values]))
    for variable, value, part in zip(variables, values, np.split(shared, ends[:-1]), strict=True):
        variable.assign(part.reshape(value.shape).astype(variable.dtype))


@contextlib.contextmanager
def telling_lost_machines() -> Iterator[None]:
    """Turns the loss of another machine into an `InputError`."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        kind = type(error).__name__
        raise InputError(
            f"expected all machines of TF_CONFIG to the end, got one lost ({kind}): start the "
            "workers and the pipeline again, the training goes on after its last whole epoch"
        ) from None
