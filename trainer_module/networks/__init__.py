"""The networks, each one module that builds a Keras model from its hyperparameters."""
