# What is in the images?
#
#   flink      the job where it runs: Flink, the Kafka connector, the S3 plugin, the job and its jar
#   workbench  what runs beside it: dashboard, indexer, publisher, canary, topics, object store
#   kafka      the broker's own image, and the agent by which it tells Prometheus of itself
#
#   docker build --target flink --tag paystream/flink-job:0.1.0 .
#   docker build --target workbench --tag paystream/workbench:0.1.0 .
#
# Bases are pinned by digest: the tag says to people what it is, the digest decides. A newer one
# is taken on purpose; this prints its digest:
#   docker buildx imagetools inspect --format '{{.Manifest.Digest}}' python:3.11-slim-bookworm
# Python's is the index that Docker's official images published on 25 August 2026 (Python 3.11.16).
# Kafka's is the one that public build files name for that tag.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b
ARG KAFKA_IMAGE=apache/kafka:4.2.0@sha256:9516fb7634bad307d17c33b589fde9023003b0cb761374f500002b980a3149b9

# ---- what is needed to build, and is in no image

FROM ${PYTHON_IMAGE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Debian replaces versions with security updates and removes the old ones: a pinned version would
# stop the build on the day of the update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential maven openjdk-17-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

FROM build AS jars
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
COPY pom.xml jars.sha256 ./
# Maven pins versions and no contents: what came is held against what was tried, file by file.
RUN for profile in flink-connector flink-s3 monitoring; do \
        mvn --quiet --batch-mode --activate-profiles "$profile" dependency:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="/jars/$profile"; \
    done \
    && grep -E '  (flink-connector|flink-s3|monitoring)/' jars.sha256 \
        | sed 's#  #  /jars/#' >wanted.sha256 \
    && sha256sum --check --strict --quiet wanted.sha256 \
    && [[ $(find /jars -type f | wc -l) -eq $(wc -l <wanted.sha256) ]]
COPY job/java ./job/java
RUN mvn --quiet --batch-mode --file job/java/pom.xml -DbuildDirectory=/build/target package \
    && mkdir -p /jars/job \
    && cp /build/target/paystream-flink-*.jar /jars/job/

FROM build AS job-python
COPY job/requirements.lock ./
RUN python3.11 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --quiet \
        --require-hashes --requirement requirements.lock

# Flink's folder as its own images have it, for scripts and operator alike; the jars themselves stay
# in the Python package. `lib/` gets what the local stack adds: Python, connector, the job's jar.
FROM job-python AS flink-home
COPY --from=jars /jars /jars
RUN pyflink=/opt/venv/lib/python3.11/site-packages/pyflink \
    && mkdir -p /opt/flink/lib /opt/flink/plugins/s3-native /opt/flink/conf \
    && mkdir -p /opt/flink/log /opt/flink/tmp /opt/flink/work /opt/flink/rocksdb /opt/flink/usrlib \
    && cp -r "$pyflink/bin" /opt/flink/bin \
    && chmod +x /opt/flink/bin/*.sh /opt/flink/bin/flink \
    && ln -s "$pyflink/opt" /opt/flink/opt \
    && ln -s "$pyflink"/lib/*.jar "$pyflink"/opt/flink-python-*.jar /opt/flink/lib/ \
    && ln -s "$pyflink"/plugins/* /opt/flink/plugins/ \
    && cp /jars/flink-connector/*.jar /jars/job/*.jar /opt/flink/lib/ \
    && cp /jars/flink-s3/*.jar /opt/flink/plugins/s3-native/

FROM build AS workbench-python
COPY requirements.lock ./
RUN python3.11 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --quiet \
        --require-hashes --requirement requirements.lock

# ---- the job

FROM ${PYTHON_IMAGE} AS flink
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 9999 flink \
    && useradd --uid 9999 --gid flink --home-dir /opt/flink --shell /usr/sbin/nologin flink
COPY --from=flink-home /opt/venv /opt/venv
COPY --from=flink-home --chown=flink:flink /opt/flink /opt/flink
COPY --chmod=755 compose/flink/docker-entrypoint.sh /docker-entrypoint.sh
COPY job /opt/paystream/job
# Python of the environment first: thread mode asks the first `python` where pemja is.
ENV PATH=/opt/flink/bin:/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    FLINK_HOME=/opt/flink \
    FLINK_CONF_DIR=/opt/flink/conf \
    FLINK_LIB_DIR=/opt/flink/lib \
    FLINK_OPT_DIR=/opt/flink/opt \
    FLINK_PLUGINS_DIR=/opt/flink/plugins \
    FLINK_LOG_DIR=/opt/flink/log \
    PYTHONPATH=/opt/paystream \
    PYTHONDONTWRITEBYTECODE=1
USER 9999:9999
WORKDIR /opt/paystream
EXPOSE 6123 8081 9249
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["help"]

# ---- what runs beside it

FROM ${PYTHON_IMAGE} AS workbench
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN groupadd --gid 10001 paystream \
    && useradd --uid 10001 --gid paystream --create-home --shell /usr/sbin/nologin paystream \
    && install --directory --owner paystream --group paystream /data
COPY --from=workbench-python /opt/venv /opt/venv
WORKDIR /opt/paystream
COPY pyproject.toml ./
COPY job ./job
COPY scenarios ./scenarios
COPY generator ./generator
COPY evaluation ./evaluation
COPY delivery ./delivery
COPY monitoring ./monitoring
COPY stack ./stack
COPY dashboard ./dashboard
COPY workbench ./workbench
COPY examples ./examples
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --quiet \
        --no-deps --no-build-isolation --editable .
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8501
ENTRYPOINT ["paystream"]
CMD ["--help"]

# ---- the broker: the image's own user, entry point and scripts stay

FROM ${KAFKA_IMAGE} AS kafka
COPY --from=jars /jars/monitoring/ /opt/monitoring/
COPY monitoring/kafka-jmx.yml /opt/monitoring/kafka-jmx.yml
