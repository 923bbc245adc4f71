# One image per member of the workspace, holding that member and what it declares, nothing else:
#   docker build --build-arg MEMBER=mapper -t plumbline/mapper .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# Only what the lock is about, so that a change of code does not install everything anew.
FROM ${PYTHON_IMAGE} AS manifests
COPY . /all
WORKDIR /manifests
RUN cd /all && find . -maxdepth 3 -name pyproject.toml -exec cp --parents {} /manifests \; && cp uv.lock /manifests

FROM ${PYTHON_IMAGE} AS build
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir --quiet "uv==${UV_VERSION}"
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app
ARG MEMBER
WORKDIR /build
COPY --from=manifests /manifests .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --package "plumbline-${MEMBER}" --no-install-workspace --quiet
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --package "plumbline-${MEMBER}" --no-editable --quiet

FROM ${PYTHON_IMAGE}
ARG MEMBER
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="plumbline-${MEMBER}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Folders that volumes are mounted on belong to the user who works in them.
RUN install -d -o 10001 -g 10001 /keys /data \
    && cd /keys && install -d -o 10001 -g 10001 postgres kafka vault operator desks ingest ingest-hooks mapper compliance \
       qb-writer token-vault ingest-owner mapper-owner compliance-owner qb-writer-owner token-vault-owner
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
ENTRYPOINT ["python", "-m"]
