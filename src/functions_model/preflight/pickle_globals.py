"""Whether what a pickle names is in the image, and the way out where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.bundle.entry_script import bindings_of
from functions_model.core.python_trees import parse_python
from functions_model.preflight.image_modules import Answer, ImageModules
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.mentions import Mentions
from functions_model.preflight.nearby import what_is_nearby
from functions_model.preflight.pickle_files import Pickled
from functions_model.preflight.pickle_machine import Global
from functions_model.preflight.project import Project
from functions_model.preflight.reach import Reached
from functions_model.preflight.roots import Outcome
from functions_model.preflight.ways_out import guess_of, package_of

_MAIN = "__main__"
_GUARD = re.compile(r"""__name__\s*==\s*["']__main__["']|["']__main__["']\s*==\s*__name__""")
_CHANGES_NAMES = re.compile(r"\bfind_class\b|\bsys\.modules\[|\bread_pickle\b")
"""A script that says other names to the unpickler than the file has, or leaves that to pandas."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pickle meets when it is loaded.

    Attributes:
        project: The user's files.
        modules: What can be imported.
        reached: Where the user's modules are looked for, and what puts more there.
        mentions: What the code that scores says.
    """

    project: Project
    modules: ImageModules
    reached: Reached
    mentions: Mentions

    @property
    def unsure(self) -> bool:
        """Whether more can be there than one can see."""
        more = self.reached.is_wild or not self.project.bare_base or bool(self.modules.inventory.compiled)
        return more or _CHANGES_NAMES.search(self.mentions.text) is not None

    @property
    def sets_main(self) -> bool:
        """Whether the code puts something into `__main__`."""
        return _MAIN in _GUARD.sub("", self.mentions.text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a pickle.

    Attributes:
        what: As it follows the file's name.
        remedy: Whole sentences.
        unsure: It may be there all the same.
    """

    what: str
    remedy: str
    unsure: bool = False


def judge(pickled: Pickled, around: Surroundings) -> Iterator[Verdict]:
    """Each module or class that is named and not there, once."""
    told: set[str] = set()
    for one in pickled.found:
        if one.module.split(".")[0] in around.reached.provided:
            continue
        key, verdict = _judged(one, pickled, around)
        if verdict and key not in told:
            told.add(key)
            yield verdict


def _judged(one: Global, pickled: Pickled, around: Surroundings) -> tuple[str, Verdict | None]:
    if one.module == _MAIN:
        return _MAIN, None if around.sets_main else Verdict(*_of_main(pickled))
    answer = around.modules.find(one.module, around.reached.folders)
    if answer.outcome is Outcome.OPEN or _is_short(one, answer, around.modules.inventory):
        return "", None
    if answer.outcome is Outcome.FOUND:
        module = answer.own[-1].path if answer.own else ""
        lacks = module and not _binds(around.modules.source(module), one.name)
        return f"{one}", Verdict(*_of_class(one, around.project.shown(module).name), around.unsure) if lacks else None
    told = _below(one, answer, pickled, around.modules.inventory) if answer.outcome is Outcome.LACKING else None
    return answer.lacking, Verdict(*(told or _absent(one, answer, around.project)), around.unsure)


def _is_short(one: Global, answer: Answer, inventory: Inventory) -> bool:
    """Whether it is a compiled module under the short name that it gives itself, as Cython's do.

    Histogram gradient boosting of scikit-learn before 1.6 names `_loss` for `sklearn._loss._loss`, which is there by
    that name as soon as the estimator is imported.
    """
    inner = f"/{one.module}."
    return answer.outcome is Outcome.ABSENT and any(inner in file and file.endswith(".so") for file in inventory.files)


def _of_main(pickled: Pickled) -> tuple[str, str]:
    """All classes and functions of the script that made it, at once."""
    names = list(dict.fromkeys(one.name.partition(".")[0] for one in pickled.found if one.module == _MAIN))
    shown = ", ".join(f"`{name}`" for name in names)
    them, it = ("them", "them") if len(names) > 1 else (shown, "it")
    sets = "; ".join(f"__main__.{name} = {name}" for name in names)
    remedy = (
        f"Move {them} into a module in the source directory, import {it} from there where the model is made, and make"
        f" the model again. Or write above the line that loads it: `import __main__; {sets}`."
    )
    needed = ", ".join(f"`__main__.{name}`" for name in names)
    return f"needs {needed}: {shown} of the script that made it, which does not run in the app", remedy


def _of_class(one: Global, file: str) -> tuple[str, str]:
    name = one.name.partition(".")[0]
    return f"needs `{name}` of `{file}`, which has no such name", f"Define `{name}` there, as where the model was made."


def _absent(one: Global, answer: Answer, project: Project) -> tuple[str, str]:
    needs = f"needs `{_named(one)}`"
    if near := what_is_nearby(project, one.module):
        what, remedy = near
        return f"{needs}: {what}", remedy
    what = f"{needs}, and nothing in the image has the module `{answer.lacking}`"
    if package := package_of(one.module):
        return what, project.asking_for(f"`{package}`")
    file = one.module.replace(".", "/")
    other = project.asking_for(f"the package that has it (perhaps `{guess_of(one.module)}`)")
    return what, f"{other} If it is your own, put it into the source directory as `{file}.py`."


def _named(one: Global) -> str:
    return f"{one.module}.{one.name}" if one.name else one.module


def _below(one: Global, answer: Answer, pickled: Pickled, inventory: Inventory) -> tuple[str, str] | None:
    """A package that is there in a version that has the module no more, or not yet; None for one of the user's own."""
    top = one.module.partition(".")[0]
    package = package_of(top) or guess_of(top)
    version = inventory.version_of(package)
    if version is None or answer.own:
        return None
    what = f"needs `{_named(one)}`, and `{package}` {version} has no module `{answer.lacking}`"
    wrote = pickled.sklearn[0] if package == "scikit-learn" and pickled.sklearn else ""
    if wrote:
        what += f": scikit-learn {wrote} wrote it"
    asked = f"`{package}=={wrote}`" if wrote else "`numpy>=2`" if answer.lacking == "numpy._core" else ""
    return what, f"Ask for {asked or 'the version that wrote it'}, or make it again with {version}."


def other_version(pickled: Pickled, inventory: Inventory) -> Verdict | None:
    """A scikit-learn of another minor than the one that wrote it: it promises nothing then.

    https://scikit-learn.org/stable/model_persistence.html#security-maintainability-limitations.
    """
    installed = inventory.version_of("scikit-learn")
    others = [version for version in pickled.sklearn if installed and _minor(version) != _minor(installed)]
    if not others:
        return None
    what = f"was written by scikit-learn {others[0]}, and the environment has {installed}: it may answer otherwise"
    return Verdict(what, f"Ask for `scikit-learn=={others[0]}`, or make it again with {installed}.")


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _binds(source: bytes | None, name: str) -> bool:
    """Whether a module may have a name; what cannot be read may."""
    try:
        bound = bindings_of(parse_python(source or b""))
    except (SyntaxError, ValueError, RecursionError):
        return True
    return source is None or not name or name.partition(".")[0] in bound or "*" in bound or "__getattr__" in bound
