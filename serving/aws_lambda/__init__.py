"""Line models on AWS Lambda: the predict API on LiteRT, in a container image without TensorFlow.

An event goes `handler` -> `events`, which makes a request of it -> `function`, which routes it and
turns faults into answers -> `line_model`, which reads its pictures. The target
`lambda` of the `Dockerfile` makes the image, `template.yaml` deploys it.
"""
