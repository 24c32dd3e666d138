# The container action. Plain Dockerfile syntax, so that the classic builder and BuildKit both take it.
# PYTHON_IMAGE lets a build behind a company mirror name its own copy of the base image.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS wheel
COPY requirements/build.lock /build/requirements/
RUN python3 -m venv /build/venv \
    && /build/venv/bin/python -m pip install --no-cache-dir --require-hashes -r /build/requirements/build.lock
COPY pyproject.toml README.md LICENSE /build/project/
COPY src/functions_model /build/project/src/functions_model
COPY src/azure_sandbox/__init__.py /build/project/src/azure_sandbox/
RUN /build/venv/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /build/dist /build/project

FROM ${PYTHON_IMAGE} AS application
COPY requirements/runtime.lock /build/
RUN python3 -m venv /opt/functions-model \
    && /opt/functions-model/bin/python -m pip install --no-cache-dir --no-compile --require-hashes -r /build/runtime.lock
COPY --from=wheel /build/dist /build/dist
COPY requirements/trim-image /build/
# Without bytecode the Azure clients take 3 seconds to import instead of half a second. The payload is data here: it runs in
# the customer's app, and stays as it is.
RUN /opt/functions-model/bin/python -m pip install --no-cache-dir --no-compile --no-deps /build/dist/*.whl \
    && sh /build/trim-image /opt/functions-model \
    && /opt/functions-model/bin/python -m compileall -q -j 0 -x functions_model/payload /opt/functions-model/lib

FROM ${PYTHON_IMAGE}
COPY --from=application /opt/functions-model /opt/functions-model
# Root, no WORKDIR, and no shell: GitHub mounts the workspace, sets the working directory, and passes inputs as variables
# with hyphens (INPUT_APP-NAME), which a shell would drop. The interpreter is named by its full path and isolated (-I)
# because the runner's HOME and PATH reach into the container.
ENTRYPOINT ["/opt/functions-model/bin/python", "-I", "/opt/functions-model/bin/functions-model"]
