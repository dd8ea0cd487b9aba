# All images of the project, a target each. From the project's folder:
#
#   docker build --target pipeline -t handwriting-pipeline:VERSION .
#   docker build --target worker -t handwriting-worker:VERSION .
#   docker build --target server --build-context pushed=workspace/pushed/sample-lines \
#     -t handwriting-server:VERSION .
#   docker build --target lambda --build-context model=PUSHED/VERSION/assets.extra \
#     --build-arg MODEL_VERSION=VERSION -t handwriting-lambda:VERSION .
#
# Only the stages that a target needs are built. docs/deploy.md tells what each is for.

# The locked packages, apart from what compiles the few that publish no wheels.
FROM python:3.10.19-bookworm AS packages
WORKDIR /build
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --prefix=/packages -r requirements.lock

FROM python:3.10.19-slim-bookworm AS project
COPY --from=packages /packages /usr/local
WORKDIR /app
COPY schema schema
COPY transforms transforms
COPY serving serving
COPY trainer_module trainer_module
COPY pipeline pipeline
COPY local_runner.py beam_runner.py pyproject.toml ./
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
# Imports take four times as long without bytecode, and the user below writes none here.
RUN python -m compileall -q schema transforms serving trainer_module pipeline

FROM apache/beam_python3.10_sdk:2.74.0 AS beam

# A Beam worker, of pipelines whose data-parallel work runs elsewhere. Beam's boot program installs
# what a pipeline stages, so that it stays root, as in Beam's own image.
FROM project AS worker
COPY --from=beam /opt/apache/beam /opt/apache/beam
# Whoever starts workers asks after them through Beam's own protocol.
HEALTHCHECK NONE
ENTRYPOINT ["/opt/apache/beam/boot"]

# TensorFlow Serving with a pushed model inside, for places without a shared folder.
FROM tensorflow/serving:2.19.1 AS server
COPY serving/deploy/config /config
# A named context, which hadolint does not know.
# hadolint ignore=DL3022
COPY --from=pushed . /models/lines
USER 65534:65534
EXPOSE 8500 8501
# There is no curl in it. Metadata is answered once a version is loaded.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8501 && printf 'GET /v1/models/lines/metadata HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q signature_def <&3"]
ENTRYPOINT ["tensorflow_model_server"]
CMD ["--port=8500", "--rest_api_port=8501", \
  "--model_config_file=/config/models.config", \
  "--monitoring_config_file=/config/monitoring.config", \
  "--enable_batching=true", "--batching_parameters_file=/config/batching.config"]

# The Lambda function: Python, LiteRT and a line model, no TensorFlow. The context holds
# lines.tflite beside the extra assets of a pushed version.
FROM python:3.12.12-slim-bookworm AS lambda-packages
WORKDIR /build
COPY serving/aws_lambda/requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: --target /packages \
    -r requirements.lock

FROM python:3.12.12-slim-bookworm AS lambda
ARG MODEL_VERSION=1
ENV PYTHONPATH=/packages MODEL_FOLDER=/function/model MODEL_NAME=lines MODEL_VERSION=${MODEL_VERSION}
WORKDIR /function
COPY --from=lambda-packages /packages /packages
COPY schema schema
COPY transforms transforms
COPY serving serving
# Where it runs, only /tmp can be written: bytecode is made now.
RUN python -m compileall -q /packages schema transforms serving
# hadolint ignore=DL3022
COPY --from=model lines.tflite alphabet.json decoding.npz model/
# Lambda takes a user of its own; this one is for the emulator. It asks the runtime how it is.
USER 65534:65534
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["serving.aws_lambda.handler.handle"]

# The pipeline: runs once and ends. A job has an exit status, no health.
FROM project AS pipeline
RUN mkdir /workspace && chown 1000:1000 /workspace
USER 1000:1000
ENV HOME=/tmp
VOLUME /workspace
HEALTHCHECK NONE
ENTRYPOINT ["python", "local_runner.py", "--workspace", "/workspace"]
