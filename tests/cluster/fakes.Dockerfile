# Every server of tests/fakes, the conformance suite's and the tiny ones of tests/local, in one image: $MODULE is run.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG UV=0.13.9
RUN python -m venv /uv && /uv/bin/pip install --quiet --no-cache-dir "uv==${UV}"
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN /uv/bin/uv export --quiet --frozen --no-emit-project --no-hashes --all-extras --output-file locked.txt \
 && python -m venv --without-pip /venv \
 && /uv/bin/uv pip install --quiet --python /venv --no-cache --compile-bytecode --constraint locked.txt aiohttp msgspec mcp \
 && rm -f /venv/.lock
COPY tests/__init__.py /app/tests/
COPY tests/conformance/__init__.py /app/tests/conformance/
COPY tests/conformance/everything /app/tests/conformance/everything
COPY tests/fakes /app/tests/fakes
COPY tests/local/__init__.py /app/tests/local/
COPY tests/local/tiny /app/tests/local/tiny
# They listen on loopback; in a pod, where others are to reach them.
RUN sed -i 's/"127.0.0.1"/"0.0.0.0"/' /app/tests/fakes/serving.py /app/tests/conformance/everything/__main__.py \
      /app/tests/local/tiny/server.py \
 && python -m compileall -q /app

FROM ${BASE}
# tini: several of them die of a signal, which the first process of a container does not.
RUN apt-get update -qq && apt-get install -qq --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MODULE=tests.fakes.recorder
WORKDIR /app
USER 1100:1100
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["sh", "-c", "exec python -m \"$MODULE\""]
