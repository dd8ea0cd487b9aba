# The pipeline: runs once and ends. From the project's folder:
#
#   docker build -f serving/deploy/pipeline.Dockerfile -t handwriting-pipeline:VERSION .
#   docker run --rm -v handwriting:/workspace handwriting-pipeline:VERSION --dataset sample

FROM python:3.10.19-slim-bookworm
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock
COPY schema schema
COPY transforms transforms
COPY serving serving
COPY trainer_module trainer_module
COPY pipeline pipeline
COPY local_runner.py pyproject.toml ./
RUN mkdir /workspace && chown 1000:1000 /workspace
USER 1000:1000
ENV HOME=/tmp PYTHONUNBUFFERED=1
VOLUME /workspace
# A job has an exit status, no health.
HEALTHCHECK NONE
ENTRYPOINT ["python", "local_runner.py", "--workspace", "/workspace"]
