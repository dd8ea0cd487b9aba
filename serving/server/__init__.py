"""The embedded model server: TensorFlow Serving's API where its binary cannot be had.

A request goes `rest_api` -> `rest_calls` (through `tensor_json` or `example_json`) or
`grpc_service` -> `grpc_methods` (through `tensor_protos`), then `prediction`, which borrows a
version from `models` and has its `servable` run, in a batch where `batching` is on. `versions`
loads and unloads through `loading` and `warmup`. `telemetry` and `request_log` keep account.
`model_server` starts and stops the whole; `flags`, `flag_settings` and `__main__` are its command
line.
"""
