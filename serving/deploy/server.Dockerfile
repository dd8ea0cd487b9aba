# TensorFlow Serving with a pushed model inside, for places without a shared folder. From the
# project's folder:
#
#   docker build -f serving/deploy/server.Dockerfile \
#     --build-context pushed=workspace/pushed/sample-lines -t handwriting-server:VERSION .

FROM tensorflow/serving:2.19.1
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
