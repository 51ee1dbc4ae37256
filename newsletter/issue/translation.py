"""A translation laid over the original: words and addresses may differ, nothing else."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from newsletter.errors import Problem
from newsletter.issue.faults import nearest_key, table_model
from newsletter.issue.model import SECTION_KINDS, Fallback, IssueText
from newsletter.issue.words import sorts_of, words_of
from newsletter.toml_file import TomlFile
from newsletter.values import Language, nearest

_ONLY_WORDS = "take the line out: in a translation only words, addresses and alt texts differ"


def overlay(
    original: Mapping[str, Any], source: TomlFile, language: Language
) -> tuple[dict[str, Any], list[Problem]]:
    """The original's tables with the translation's words, and what the translation may not say.

    Sections are matched by id, events, figures and links by position.
    """
    loom = _Loom(source)
    over = dict(source.data)
    said = over.pop("language", language)
    if said != language:
        cure = f'rename the file, or write language = "{language}"'
        loom.fault("language", f"the file's name says {language}", cure)
    merged = loom.table(original, over, IssueText, "")
    return merged | {"language": language}, loom.problems


def fallbacks_of(original: IssueText, source: TomlFile, language: Language) -> list[Fallback]:
    """The words of the original that the translation does not say; addresses are the same."""
    return [
        Fallback(language, source.path, word.where)
        for word in words_of(original)
        if not word.sort.url and source.value(word.where) is None
    ]


class _Loom:
    """Weaves one translation into the original and gathers its problems."""

    def __init__(self, source: TomlFile) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def fault(self, where: str, message: str, cure: str) -> None:
        self.problems.append(self.source.problem(where, message, cure))

    def table(
        self, base: Mapping[str, Any], over: Mapping[str, Any], model: type[BaseModel], where: str
    ) -> dict[str, Any]:
        merged = dict(base)
        for key, value in over.items():
            place = f"{where}.{key}" if where else key
            if key not in model.model_fields:
                self.fault(place, f"unknown key {key}", nearest_key(key, list(model.model_fields)))
            elif sorts_of(model)[key]:
                merged[key] = value
            elif model is IssueText and key == "sections":
                merged[key] = self.sections(base.get(key), value, place)
            else:
                merged[key] = self.value(base.get(key), value, table_model(model, key), place)
        return merged

    def sections(self, base: Any, over: Any, where: str) -> Any:
        if not isinstance(over, dict):
            self.fault(where, "sections must be a table", "write a table such as [sections.news]")
        if not isinstance(base, dict) or not isinstance(over, dict):
            return base
        merged = dict(base)
        for name, value in over.items():
            place = f"{where}.{name}"
            if name not in base:
                near = nearest(name, base)
                cure = f'did you mean "{near}"?' if near else f"sections: {', '.join(base)}"
                self.fault(place, f"the original has no section {name}", cure)
            elif isinstance(base[name], dict):
                model = SECTION_KINDS.get(str(base[name].get("kind")))
                if model:  # else that is the original's fault, and told there
                    merged[name] = self.value(base[name], value, model, place)
        return merged

    def value(self, base: Any, over: Any, model: type[BaseModel] | None, where: str) -> Any:
        if model and isinstance(base, dict) and isinstance(over, dict):
            return self.table(base, over, model, where)
        if model and isinstance(base, list) and isinstance(over, list):
            return self.rows(base, over, model, where)
        if base != over:
            lacks = base is None and model is not None
            said = "the original has no such table" if lacks else "this differs from the original"
            self.fault(where, said, _ONLY_WORDS)
        return base

    def rows(self, base: list[Any], over: list[Any], model: type[BaseModel], where: str) -> Any:
        if len(base) != len(over):
            message = f"the original has {len(base)}, the translation {len(over)}"
            self.fault(where, message, "write as many tables, in the same order")
            return base
        pairs = zip(base, over, strict=True)
        return [self.value(one, two, model, f"{where}.{at}") for at, (one, two) in enumerate(pairs)]
