"""The embedded model server: TensorFlow Serving's API where its binary cannot be had.

A request goes `rest_api` (through `tensor_json`) or `grpc_service` -> `versions`, which lends the
loaded version -> `servable`, which calls the SavedModel. `model_server` starts and stops the whole,
`__main__` is its command line.
"""
