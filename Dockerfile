# The container action. Plain Dockerfile syntax, so that the classic builder and BuildKit both take it.
#
# The base stands in one line, and in no ARG: Dependabot does not look into those. A release has its digest here (.ci/pin-base).
# Behind a company mirror, pull your copy and tag it `python:3.13-slim`: a build takes the image that the machine has.
FROM python:3.13-slim AS python

FROM python AS wheel
COPY requirements/build.lock /build/requirements/
RUN python3 -m venv --without-pip /build/venv \
    && python3 -m pip --python /build/venv install --no-cache-dir --require-hashes -r /build/requirements/build.lock
COPY pyproject.toml README.md LICENSE /build/project/
COPY src/functions_model /build/project/src/functions_model
COPY src/azure_sandbox/__init__.py /build/project/src/azure_sandbox/
RUN python3 -m pip --python /build/venv wheel --no-deps --no-build-isolation --wheel-dir /build/dist /build/project

FROM python AS application
COPY requirements/runtime.lock /build/
RUN python3 -m venv --without-pip /opt/functions-model \
    && python3 -m pip --python /opt/functions-model install --no-cache-dir --no-compile --require-hashes -r /build/runtime.lock
COPY requirements/trim-image requirements/image_root.py /build/
RUN sh /build/trim-image /opt/functions-model && python3 /build/image_root.py /opt/functions-model /build/root
# Last, so that a change of the product itself repeats no step above. Its source stays, for tracebacks that people send. The
# payload and the MLflow script are data here: they run in the customer's app. The sandbox is another door.
COPY --from=wheel /build/dist /build/dist
COPY requirements/bill_of_materials.py /build/
RUN cd /opt/functions-model \
    && bin/uv pip install --quiet --python bin/python --offline --no-cache --no-deps /build/dist/*.whl \
    && rm -r lib/python3*/site-packages/azure_sandbox \
    && sed '1s/$/ -I/' bin/functions-model >bin/action && chmod 755 bin/action \
    && bin/python -m compileall -q --invalidation-mode unchecked-hash -x 'functions_model/(payload|mlflow_scoring)/' \
       lib/python3*/site-packages/functions_model \
    && bin/python -I /build/bill_of_materials.py /build/root /opt/functions-model /build/runtime.lock >bill-of-materials.json

# Nothing of the base image but Python itself, the libraries that it loads, certificates, name service, and the programs by which
# Kubernetes mode starts a step: see image_root.py.
FROM scratch
COPY --from=application /build/root/ /
COPY --from=application /opt/functions-model /opt/functions-model
# As the Python images set it: file names and output are UTF-8.
ENV LANG=C.UTF-8
# What uv and conda fetch goes with the container: the runner may not remove root's files from the HOME that it mounts.
ENV XDG_CACHE_HOME=/tmp/cache
# Root, no WORKDIR, and no shell before it: GitHub mounts the workspace, sets the working directory, and passes inputs as variables
# with hyphens (INPUT_APP-NAME), which a shell would drop. The interpreter is named by its full path and isolated (-I)
# because the runner's HOME and PATH reach into the container. bin/action is the same in one word, which action.yml names: a step
# in Kubernetes mode is started by its `entrypoint` alone.
ENTRYPOINT ["/opt/functions-model/bin/python", "-I", "/opt/functions-model/bin/functions-model"]
