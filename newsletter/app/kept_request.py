"""What is asked of each plan of a series, kept until it is made."""

import dataclasses
import json

from newsletter.app.plan import PlanRequest

_NOT_KEPT = frozenset({"issue", "every", "at", "local_time", "passed", "fresh"})


def request_to_json(request: PlanRequest) -> str:
    """What is asked of each plan of a series, as it is stored."""
    fields = {
        field.name: getattr(request, field.name)
        for field in dataclasses.fields(request)
        if field.name not in _NOT_KEPT
    }
    return json.dumps(fields, ensure_ascii=False)


def request_from(stored: str, issue: str) -> PlanRequest:
    """The same for one issue; what this program does not know is left out."""
    known = {field.name for field in dataclasses.fields(PlanRequest)} - _NOT_KEPT
    fields = {name: value for name, value in json.loads(stored).items() if name in known}
    lists, exclude = tuple(fields.pop("lists", ())), tuple(fields.pop("exclude", ()))
    return PlanRequest(issue, lists=lists, exclude=exclude, **fields)
