"""One machine of a cluster: trains as `replicas.py` does and keeps what came out.

Arguments: a folder to work in, the pattern of the training files, that of the validation files.
TF_CONFIG tells which machine it is. The leader trains as the pipeline does, in one more process.
"""

import dataclasses
import os
import sys
from pathlib import Path

import numpy as np
from replicas import ABCD, SMALL, STEPS

from trainer_module.cluster import read_cluster
from trainer_module.training_job import TrainingJob


def main(folder, train_files, validation_files):
    """Trains."""
    cluster = read_cluster(os.environ)
    if cluster.leads:
        weights, losses = lead_training(folder, train_files, validation_files)
    else:
        from trainer_module.cluster_training import train_together

        weights, losses = train_together(cluster, None).get_weights(), []
    np.savez(folder / f"machine{cluster.index}.npz", *weights, losses=losses)


def lead_training(folder, train_files, validation_files):
    """Returns the last weights, and the losses."""
    from trainer_module.leader import lead
    from trainer_module.tasks.lines import LinesTask
    from trainer_module.training_state import TrainingState

    job = TrainingJob(
        task="lines",
        network=SMALL.network,
        symbols=ABCD.symbols,
        hyperparameters=dataclasses.asdict(SMALL),
        variation={"synthesis": {}, "augmentation": {}},
        train_files=[train_files],
        validation_files=[validation_files],
        train_steps=STEPS,
        seed=3,
        state_folder=str(folder / "cluster-state"),
        base_model=None,
    )
    lead(job)
    state = TrainingState.open(folder / "cluster-state")
    network = LinesTask(SMALL, ABCD).build_network()
    network.load_weights(
        folder / "cluster-state" / f"after-epoch-{state.epochs_done:04d}.weights.h5"
    )
    losses = [(epoch.loss, epoch.validation_loss) for epoch in state.history]
    return network.get_weights(), losses


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
