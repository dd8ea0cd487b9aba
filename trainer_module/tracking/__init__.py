"""Where a training can tell how it goes: TensorBoard, Weights & Biases, or nowhere.

Whoever trains speaks to a `Tracker` and does not know which. Only the module of the chosen one
imports its library; nothing leaves the machine unless `wandb-online` is asked for.
"""
