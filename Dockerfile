# The API and the worker, for servers of one's own (compose.yaml). No embedded servers inside.

FROM python:3.13-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/runtime.txt requirements/build.txt requirements/
# Two environments: what builds the package is not part of what runs it.
RUN python -m venv /opt/starguild \
    && /opt/starguild/bin/pip install --require-hashes -r requirements/runtime.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY resolvers resolvers
COPY community community
COPY gamification gamification
COPY storage storage
COPY programmes programmes
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheels . \
    && /opt/starguild/bin/pip install --no-deps --no-index /opt/wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin starguild
COPY --from=build /opt/starguild /opt/starguild
WORKDIR /app
ENV PATH=/opt/starguild/bin:$PATH PYTHONUNBUFFERED=1 PORT=8000
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["starguild", "serve", "--host", "0.0.0.0", "--no-demo"]
