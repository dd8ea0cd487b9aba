"""How models are trained: networks, hyperparameters, input pipeline, loss and `run_fn`."""
