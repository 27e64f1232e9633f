"""What there is to store, to generate and to ask: so that SQL and rows are right the first time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

import healthsim_store as hs
from healthsim_store.doors import options_of_files

from .replies import Reply, cell, columnar, fitted, line

_VALUES = 6  # allowed values that are told beside a column
_CHOICES = 5  # that are told of a question's parameter; an error tells them all
_QUESTIONS = 20  # of a scenario


def everything(store: hs.Store, budget: int) -> Reply:
    """What can be stored, generated and exported; of a large product the first entity types."""
    products: dict[str, list[str]] = {}
    for found in store.list_entity_types():
        products.setdefault(found.product, []).append(found.name)
    profiles = {p["name"]: line(p["title"]) for p in store.list_profiles() if "problem" not in p}
    formats = store.list_export_formats()
    read = store.list_import_formats()
    rest = ["", "Profiles (give profile for its options):"]
    rest += [f"{name}: {title}" for name, title in profiles.items()]
    rest += ["", f"Import formats: {', '.join(read)}", f"Export formats: {', '.join(formats)}"]
    more: dict[str, Any] = {
        "profiles": profiles, "import_formats": read, "export_formats": formats,
    }  # fmt: skip
    reading = ", ".join(options_of_files())
    rest += [f"Options of a file, for scenario_persist: {reading}"]
    more["file_options"] = reading
    both = {"import": store.import_options(), "export": store.export_options()}
    for kind, having in both.items():
        options = {line(name, 60): ", ".join(map(_takes, has)) for name, has in having.items()}
        if options:
            what = f"Options of the {kind} format"
            rest += [f"{what} {name}: {has}" for name, has in options.items()]
            more[f"{kind}_options"] = options

    def make(count: int) -> Reply:
        told = {product: _beginning(names, count) for product, names in products.items()}
        lines = ["Entity types (give entity_types for their fields):"]
        lines += [f"{product}: {names}" for product, names in told.items()]
        return Reply("\n".join([*lines, *rest]), {"entity_types": told, **more})

    return fitted(make, max(map(len, products.values()), default=0), budget)


def _beginning(names: Sequence[str], count: int) -> str:
    left = len(names) - count
    told = ", ".join(names[:count])
    return f"{told} and {left} more (a larger max_tokens tells them)" if left > 0 else told


def profile(store: hs.Store, name: str, budget: int) -> Reply:
    """What a profile makes, and its options."""
    known = {p["name"]: p for p in store.list_profiles() if "problem" not in p}
    if name not in known:
        raise ToolError(
            f"unknown_profile: there is no profile {line(name, 60)!r}. Known: {', '.join(known)}."
        )
    told = known[name]
    makes = ", ".join(told["entity_types"])
    header = ["option", "type", "default", "about"]
    rows = [
        [o["name"], o["type"], cell(o["default"]), _about([o["description"], *o["allowed"]])]
        for o in told["options"]
    ]
    head = f"{line(told['title'], 200)}\nCounts {told['counts']}"
    if told["count"]:
        head += f", by default {told['count']}"
    needs = ", ".join(told.get("needs", ()))
    if needs:
        head += f"\nNeeds {needs} in scenario, or in for_scenario"
    head += f"\nMakes {makes}"

    def make(count: int) -> Reply:
        text = f"{head}\n{columnar(header, rows[:count])}"
        data: dict[str, Any] = {
            "title": line(told["title"], 200), "counts": told["counts"], "makes": makes,
            "columns": header, "options": rows[:count],
        }  # fmt: skip
        if told["count"]:
            data["count"] = told["count"]
        if needs:
            data["needs"] = needs
        if count < len(rows):
            others = [row[0] for row in rows[count:]]
            text += f"\nTruncated; also: {', '.join(others)}"
            data["truncated"] = others
        return Reply(text, data)

    return fitted(make, len(rows), budget)


def tables(store: hs.Store, name: str, budget: int) -> Reply:
    """The tables of a scenario that have rows, with all their columns; and its questions."""
    with store.moment(name):
        counts = store.get_summary(name, samples=0).entity_counts
        types = [found for found in store.registry(name) if counts.get(found.name)]
        questions = store.list_questions(name)
    if not types:
        return Reply(f"{name} has no rows yet.", {"tables": {}})

    asked = {line(q.name, 60): ", ".join(map(_takes, q.parameters)) for q in questions}

    own = [line(q.name, 60) for q in questions[:_QUESTIONS] if q.is_own]

    def make(shown: int, *, values: bool, named: bool = True) -> Reply:
        told = {found.name: ", ".join(_columns(found, values=values)) for found in types[:shown]}
        others = [found.name for found in types[shown:]]
        text = "\n".join(f"{table} ({counts[table]:,}): {c}" for table, c in told.items())
        counted = types if named else types[:shown]
        data: dict[str, Any] = {"tables": told, "counts": {t.name: counts[t.name] for t in counted}}
        if others:
            left = ", ".join(others) if named else f"{len(others)} more"
            text += f"\nTruncated; give entity_types for: {left}"
            data["truncated"] = others if named else f"{len(others)} more"
        if asked:
            names = [f"{question}({takes})" for question, takes in asked.items()]
            text += f"\nQuestions: {', '.join(names[:_QUESTIONS])}"
            data["questions"] = dict(list(asked.items())[:_QUESTIONS])
            more = len(asked) - len(names[:_QUESTIONS]) + questions.left_out
            if more:
                text += f", {more:,} more"
                data["more_questions"] = more
        if own:
            text += f"\nOf these saved in this scenario: {', '.join(own)}"
            data["saved_questions"] = own
        return Reply(text, data)

    for values in (True, False):
        whole = make(len(types), values=values)
        if whole.fits(budget):
            return whole
    named = make(1, values=False).fits(budget)  # of a large product even the names are too many
    return fitted(lambda n: make(n, values=False, named=named), len(types), budget)


def _takes(parameter: Any) -> str:
    """A parameter as a model has to give it: ``least number = 9``, ``gender F|M|U``."""
    if parameter.type == "choice":
        more = "|..." if len(parameter.values) > _CHOICES else ""
        kind = "|".join(line(value, 30) for value in parameter.values[:_CHOICES]) + more
    else:
        kind = "" if parameter.type == "any" else parameter.type
    default = line(parameter.written(parameter.default), 30)
    return " ".join(filter(None, [parameter.name, kind, default and f"= {default}"]))


def log(info: hs.ScenarioInfo, budget: int) -> Reply:
    """What was done to a scenario, the newest first."""
    header = ["number", "when", "what", "details"]
    rows = [
        [entry["number"], at, line(what, 40), line(details, 200)]
        for entry, (at, what, details) in zip(info.log, info.log_rows(), strict=True)
    ]

    def make(count: int) -> Reply:
        text = columnar(header, rows[:count])
        data: dict[str, Any] = {"columns": header, "rows": rows[:count]}
        if count < len(rows):
            text += f"\nTruncated: {count} of {len(rows)}. A larger max_tokens gives more."
            data["truncated"] = len(rows) - count
        return Reply(text, data)

    return fitted(make, len(rows), budget)


def soundness(result: hs.CheckResult, budget: int) -> Reply:
    """Whether a file is sound, what was looked at, and what is wrong."""
    found = [[f.level, f.kind, line(f.message, 300)] for f in result.findings]
    looked = ", ".join(f"{kind} {count:,}" for kind, count in result.checked.items())

    def make(count: int) -> Reply:
        told = [f"{result.scenario}: {'sound' if result.ok else 'NOT SOUND'} ({looked})"]
        told += [f"{level}, {kind}: {message}" for level, kind, message in found[:count]]
        data: dict[str, Any] = {"scenario": result.scenario, "ok": result.ok}
        if count:
            data |= {"columns": ["level", "kind", "message"], "findings": found[:count]}
        if count < len(found):
            told.append(f"Truncated: {count} of {len(found)}. A larger max_tokens gives more.")
            data["truncated"] = len(found) - count
        return Reply("\n".join(told), data)

    return fitted(make, len(found), budget)


def fields(known: Iterable[Any], wanted: Sequence[str], budget: int) -> Reply:
    """All about the fields of some entity types, as a table."""
    types = list(known)
    several = len(wanted) > 1
    header = [*(["entity_type"] if several else []), "field", "type", "about"]
    rows: list[list[str]] = []
    for name in wanted:
        found = _found(types, name)
        for column in found.columns:
            if column.name == "extra":
                continue
            about = _about([
                "required" if column.required and column.default is None else "",
                f"of {column.references.entity_type}" if column.references else "",
                f"{'|'.join(column.values)}" if column.values else "",
                f"unit {column.unit}" if column.unit else "",
                line(column.description),
            ])  # fmt: skip
            row = [column.name, column.type.sql, about]
            rows.append([found.name, *row] if several else row)

    def make(count: int, *, named: bool = True) -> Reply:
        text = columnar(header, rows[:count])
        data: dict[str, Any] = {"columns": header, "rows": rows[:count]}
        if count < len(rows):
            others = [".".join(row[:-2]) for row in rows[count:]]
            left = ", ".join(others) if named else f"{len(others)} more (give a larger max_tokens)"
            text += f"\nTruncated; also: {left}"
            data["truncated"] = others if named else f"{len(others)} more"
        return Reply(text, data)

    named = make(1).fits(budget)  # of a wide table even the names are too many
    return fitted(lambda count: make(count, named=named), len(rows), budget)


def _found(types: list[Any], name: str) -> Any:
    folded = name.strip().casefold()
    for found in types:
        if folded in (found.name, *found.aliases):
            return found
    raise ToolError(
        f"unknown_entity_type: there is no entity type {line(name, 60)!r}."
        f" Known: {', '.join(found.name for found in types)}."
    )


def _columns(found: Any, *, values: bool) -> list[str]:
    """The names of columns, with allowed values, and where they lead if the name does not say."""
    told = []
    for column in found.columns:
        if column.name == "extra":
            continue
        text = str(column.name)
        if values and 0 < len(column.values) <= _VALUES:
            text += f"({'|'.join(column.values)})"
        if column.references and column.references.column != column.name:
            text += f">{column.references.entity_type}"
        told.append(text)
    return told


def _about(parts: Sequence[Any]) -> str:
    return "; ".join(str(part) for part in parts if part)


def profile_count(store: hs.Store, name: str) -> int | None:
    """How many a profile makes if nobody says."""
    found: Mapping[str, Any] = next((p for p in store.list_profiles() if p["name"] == name), {})
    return found.get("count")
