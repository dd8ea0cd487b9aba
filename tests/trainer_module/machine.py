"""A machine of a cluster that does not lead: trains as it is told and keeps its weights.

Arguments: the file to keep them in. TF_CONFIG tells which machine it is.
"""

import os
import sys

import numpy as np

from trainer_module.cluster import read_cluster
from trainer_module.cluster_training import train_together

if __name__ == "__main__":
    np.savez(sys.argv[1], *train_together(read_cluster(os.environ), None).get_weights())
