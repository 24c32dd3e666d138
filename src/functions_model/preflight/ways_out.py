"""Ways out of imports that fail. No list here decides whether one does: it only names a way."""

from __future__ import annotations

from functions_model.environment.ways_out import PACKAGE_OF_MODULE

_MORE_PACKAGES = {
    "attr": "attrs",
    "azure.ai.ml": "azure-ai-ml",
    "azureml.ai": "azureml-ai-monitoring",
    "azureml.contrib.services": "azureml-contrib-services",
    "azureml.core": "azureml-core",
    "azureml.data": "azureml-core",
    "azureml.dataprep": "azureml-dataprep",
    "azureml.exceptions": "azureml-core",
    "azureml.train": "azureml-train-core",
    "azureml.train.automl": "azureml-train-automl-client",
    "bs4": "beautifulsoup4",
    "docx": "python-docx",
    "faiss": "faiss-cpu",
    "googleapiclient": "google-api-python-client",
    "levenshtein": "levenshtein",
    "mpl_toolkits": "matplotlib",
    "multipart": "python-multipart",
    "onnxruntime": "onnxruntime",
    "pkg_resources": "setuptools<81",
    "psycopg2": "psycopg2-binary",
    "pylab": "matplotlib",
    "ruamel": "ruamel.yaml",
    "slugify": "python-slugify",
    "snappy": "python-snappy",
    "umap": "umap-learn",
}
"""Distributions by module, where the environment's own list has none. `pkg_resources` went from setuptools with 82:
https://setuptools.pypa.io/en/latest/history.html."""
_FAMILIES = ("azure.storage", "azure.keyvault", "azure.ai", "azureml.automl", "google.cloud", "azure", "azureml")
"""Namespaces whose distributions have the module's name, with dashes."""
_NEXT = 1

_MOVED = {
    "distutils": "Use `packaging`, `shutil` or `sysconfig` in its place.",
    "imp": "Use `importlib` in its place.",
    "sklearn.externals.joblib": "Write `import joblib`; it comes with scikit-learn.",
    "sklearn.externals.six": "Write `import six`, and add `six` to the dependencies.",
    "sklearn.cross_validation": "Import it from `sklearn.model_selection`.",
    "sklearn.grid_search": "Import it from `sklearn.model_selection`.",
    "sklearn.learning_curve": "Import it from `sklearn.model_selection`.",
    "sklearn.datasets.samples_generator": "Import it from `sklearn.datasets`.",
    "sklearn.preprocessing.imputation": "Use `SimpleImputer` of `sklearn.impute`.",
    "sklearn.ensemble.forest": "Import it from `sklearn.ensemble`.",
    "sklearn.linear_model.logistic": "Import it from `sklearn.linear_model`.",
    "sklearn.metrics.scorer": "Import it from `sklearn.metrics`.",
    "sklearn.neighbors.base": "Import it from `sklearn.neighbors`.",
    "sklearn.tree.tree": "Import it from `sklearn.tree`.",
    "sklearn.utils.testing": "Import it from `numpy.testing`.",
    "scipy.misc": "Import it from where SciPy has it now: `scipy.special`, `scipy.datasets`, or `imageio`.",
    "tensorflow.contrib": "TensorFlow 2 has it no more: use what is in `tensorflow` itself, or `tf_slim`.",
    "keras.layers.normalization": "Import it from `keras.layers`.",
    "keras.utils.np_utils": "Import it from `keras.utils`.",
    "pandas.util.testing": "Import it from `pandas.testing`.",
    "flask.ext": "Import the extension by its own name, such as `flask_cors`.",
    "werkzeug.contrib": "Use `cachelib` in its place.",
}
"""What to write where a module has moved or gone: the releases' own notes on what they removed."""


def package_of(module: str) -> str:
    """The distribution that has a module (dotted); empty when only a guess could be made."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if found := PACKAGE_OF_MODULE.get(name.lower()) or _MORE_PACKAGES.get(name.lower()):
            return found
    for family in _FAMILIES:
        if module.startswith(f"{family}."):
            return "-".join(parts[: len(family.split(".")) + _NEXT])
    return ""


def guess_of(module: str) -> str:
    """What a distribution would be called that has the name of a module's outermost package."""
    return module.partition(".")[0].replace("_", "-").lower()


def moved(module: str) -> str:
    """What to write in the place of a module that has moved, one whole sentence or more; empty when it is not known."""
    parts = module.split(".")
    found = (_MOVED.get(".".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next(filter(None, found), "")
