"""The method names of signatures, from TensorFlow's `signature_constants`. No TensorFlow."""

PREDICT_METHOD = "tensorflow/serving/predict"
"""TensorFlow 2 writes this for every signature."""

CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"
