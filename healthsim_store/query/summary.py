"""A scenario in a few hundred tokens: description, counts, statistics and a few samples.

The text has a hard budget in tokens. If it is too long, parts are left out in a fixed order (see
`Summary.to_markdown`). The last line says what was left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.arguments import check_limit
from ..base.text import shorten
from ..base.tokens import cut_to_tokens, estimate_tokens
from ..errors import QueryError
from ..schema.model import EntityType
from ..storage.catalog import read_entity_types, read_products, read_statistics
from ..storage.counts import count_entities
from ..storage.format import read_identity, read_tags
from ..storage.own_questions import read_own_names
from ..storage.sandbox import Sandbox
from .samples import sample
from .statistics import Answer, Failure, compute

BASE_TOKENS = 300
SAMPLE_TOKENS = 200  # for each entity type with samples
SAMPLED_TYPES = 5
LEAST_TOKENS = 100

_CELL = 40  # characters of a sample's cell
_NAMED = 12  # of what is left out, are named; a list of hundreds would cost what it tells of


@dataclass(frozen=True)
class Summary:
    """What `get_summary` returns. ``statistics`` are by name, ``samples`` by entity type.

    ``omitted`` says what is missing, and why. ``max_tokens`` is the budget of `to_markdown`.
    ``questions`` are the names of those that were saved in the scenario. ``minor`` are the entity
    types that no statistic is about.
    """

    scenario: str
    scenario_id: str
    description: str | None
    created_at: str
    tags: tuple[str, ...]
    products: Mapping[str, str]
    entity_counts: Mapping[str, int]
    statistics: Mapping[str, Answer]
    samples: Mapping[str, list[dict[str, Any]]]
    omitted: tuple[str, ...] = ()
    max_tokens: int = BASE_TOKENS
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    columns: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    questions: tuple[str, ...] = ()
    minor: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """An estimate of the tokens of `to_markdown`, which is never too low."""
        return estimate_tokens(self.to_markdown())

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        told = {
            "scenario": self.scenario,
            "scenario_id": self.scenario_id,
            "description": self.description,
            "created_at": self.created_at,
            "tags": list(self.tags),
            "products": dict(self.products),
            "entity_counts": dict(self.entity_counts),
            "statistics": {
                name: {"label": a.label, "section": a.section, "text": a.text, "rows": [*a.rows]}
                for name, a in self.statistics.items()
            },
            "samples": dict(self.samples),
            "omitted": list(self.omitted),
            "questions": list(self.questions),
        }
        return {key: value for key, value in told.items() if value not in (None, [], {})}

    def to_markdown(self) -> str:
        """The text, within ``max_tokens``.

        If it is too long, parts are left out in this order: columns of samples from the right,
        samples from the last entity type on, the scenario's own questions, the entity types that
        no statistic is about, the smallest first, statistics from the last one on, the
        description, the smallest of the other entity types, and at last everything but the name,
        the id and the total count.
        A description that is over the budget by itself goes first.
        """
        return self._markdown

    @functools.cached_property
    def _markdown(self) -> str:
        answers = list(self.statistics.values())
        tables = [
            _SampleTable(self.labels[t], self.entity_counts[t], rows, self.columns[t])
            for t, rows in self.samples.items()
            if rows
        ]
        description = self.description
        questions = self.questions
        dropped: list[str] = []
        minor = sorted(
            (name for name in self.minor if self.entity_counts.get(name)),
            key=lambda name: -self.entity_counts[name],
        )
        aside: list[str] = []
        if description and estimate_tokens(description) > self.max_tokens:
            description = None
            dropped.append("description")
        if estimate_tokens("\n".join(self._lines(None, [], [], [], aside=minor))) > self.max_tokens:
            return self._counts()
        while True:
            left_out = [*self.omitted, *dropped]
            lines = self._lines(description, answers, tables, left_out, questions, aside=aside)
            text = "\n".join(lines)
            if estimate_tokens(text) <= self.max_tokens:
                return text
            widest = max(tables, key=lambda table: table.tokens, default=None)
            if widest and widest.narrower():
                continue
            if tables:
                dropped.insert(0, f"samples of {tables.pop().label}")
            elif questions:
                questions = ()
                dropped.insert(0, "questions of this scenario")
            elif minor:
                aside.append(minor.pop())
            elif answers:
                dropped.insert(0, answers.pop().label)
            elif description:
                description = None
                dropped.insert(0, "description")
            else:
                return self._counts()

    def _counts(self) -> str:
        """The largest entity types, and how many others there are; all else is left out."""
        left_out = ["description"] if self.description else []
        left_out += ["samples"] if self.samples else []
        left_out += ["questions of this scenario"] if self.questions else []
        left_out += [*self.omitted, "statistics"] if self.statistics else [*self.omitted]
        most = sum(1 for count in self.entity_counts.values() if count)
        while most:
            text = "\n".join(self._lines(None, [], [], left_out, most=most))
            if estimate_tokens(text) <= self.max_tokens:
                return text
            most = most * 3 // 4
        return self._bare()

    def _bare(self) -> str:
        """The shortest text, for when names, tags and counts alone are over the budget."""
        name = cut_to_tokens(self.scenario, self.max_tokens // 3)
        if not self.scenario_id:  # nothing could be read
            left_out = cut_to_tokens(", ".join(self.omitted), self.max_tokens // 2)
            return f"**{name}**\nLeft out: {left_out}"
        total = sum(self.entity_counts.values())
        kinds = sum(1 for count in self.entity_counts.values() if count)
        scenario_id = cut_to_tokens(self.scenario_id, 20)
        return (
            f"**{name}** ({scenario_id}): {total:,} entities of {kinds} types\n"
            "Left out: all else (give more max_tokens)"
        )

    def _lines(
        self,
        description: str | None,
        answers: list[Answer],
        tables: list[_SampleTable],
        left_out: list[str],
        questions: Sequence[str] = (),
        *,
        most: int | None = None,
        aside: Collection[str] = (),
    ) -> list[str]:
        products = ", ".join(f"{name} {version}" for name, version in self.products.items())
        lines = [f"**{self.scenario}** ({self.scenario_id}; {products})"]
        if not self.scenario_id:  # nothing could be read
            return [f"**{self.scenario}**", f"Left out: {', '.join(left_out)}"]
        if description:
            lines.append(" ".join(description.split()))
        if self.tags:
            lines.append(f"Tags: {', '.join(self.tags)}")
        if questions:
            names = _some([_cell(name) for name in questions])
            lines.append(f"Questions of this scenario: {names}")
        lines += ["", "| Entity Type | Count |", "|---|---|"]
        counts = {name: count for name, count in self.entity_counts.items() if count}
        named = {*sorted(counts, key=lambda name: -counts[name])[:most]}.difference(aside)
        lines += [f"| {self.labels[n]} | {counts[n]:,} |" for n in counts if n in named]
        others = [count for name, count in counts.items() if name not in named]
        lines += [f"| {len(others):,} more | {sum(others):,} |"] if others else []
        section = None
        for answer in answers:
            if answer.section != section:
                section = answer.section
                lines += ["", f"**{section}**"]
            lines.append(f"- {answer.label}: {answer.text}")
        for table in tables:
            lines += ["", *table.lines()]
        if left_out:
            lines += ["", f"Left out: {_some(left_out)}"]
        return lines


def _some(names: Sequence[str]) -> str:
    """The names with commas; of very many the first."""
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])}, {len(names) - _NAMED:,} more"


class _SampleTable:
    """The samples of one entity type: a header and rows, whose columns can be removed."""

    def __init__(
        self, label: str, count: int, rows: list[dict[str, Any]], columns: list[str]
    ) -> None:
        self.label = label
        self._count = count
        self._rows = rows
        self._columns = [name for name in columns if any(name in row for row in rows)]
        self._hidden = 0
        while self.tokens > SAMPLE_TOKENS and self.narrower():
            pass

    @property
    def tokens(self) -> int:
        return estimate_tokens("\n".join(self.lines()))

    def narrower(self) -> bool:
        """Remove the last column; False if there are only two columns left."""
        if len(self._columns) <= 2:
            return False
        self._columns.pop()
        self._hidden += 1
        return True

    def lines(self) -> list[str]:
        more = f"; {self._hidden} more columns" if self._hidden else ""
        lines = [f"**{self.label}** ({len(self._rows)} of {self._count:,}{more})"]
        lines.append(" | ".join(self._columns))
        lines += [" | ".join(_cell(row.get(name)) for name in self._columns) for row in self._rows]
        return lines


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return shorten(text, _CELL)


def read_summary(sandbox: Sandbox, *, samples: int, statistics: bool = True) -> dict[str, Any]:
    """The parts of a summary, JSON-ready, read from the file in one read transaction.

    Beside them are the statistics that are declared, and why some failed: what a comparison needs
    to know of those without an answer.

    Args:
        sandbox: the scenario's file.
        samples: sample rows of each entity type.
        statistics: whether to run the statistics too.
    """
    with sandbox.moment():
        return _read_summary(sandbox, samples, statistics)


def _read_summary(sandbox: Sandbox, samples: int, statistics: bool) -> dict[str, Any]:
    connection = sandbox.connection
    identity = read_identity(connection)
    entity_types = read_entity_types(connection)
    counts = count_entities(sandbox, [entity_type.name for entity_type in entity_types])
    answers: list[Answer] = []
    failed: list[Failure] = []
    declared = read_statistics(connection)
    spoken = [s for s in declared if s.show] if statistics else []
    minor = _unmentioned([e.name for e in entity_types], [s.sql for s in declared])
    if statistics:
        answers, failed = compute(sandbox, spoken)
    omitted = [str(failure) for failure in failed]
    filled = [entity_type for entity_type in entity_types if counts[entity_type.name]]
    filled.sort(key=lambda entity_type: entity_type.name in minor)
    if samples and len(filled) > SAMPLED_TYPES:
        omitted.append(f"samples of {_some([e.label for e in filled[SAMPLED_TYPES:]])}")
    sampled: dict[str, list[dict[str, Any]]] = {}
    for entity_type in filled[:SAMPLED_TYPES] if samples else ():
        try:
            sampled[entity_type.name] = sample(sandbox, entity_type, samples)
        except QueryError as error:
            omitted.append(f"samples of {entity_type.label} ({error.message})")
    return {
        "scenario_id": identity.scenario_id,
        "description": identity.description,
        "created_at": identity.created_at,
        "tags": read_tags(connection),
        "products": {product.name: product.version for product in read_products(connection)},
        "entity_counts": counts,
        "statistics": [(a.name, a.section, a.label, a.text, a.rows) for a in answers],
        "declared": [(s.product, s.name, s.section, s.label, s.show, s.sql) for s in spoken],
        "failed": [(failure.name, failure.reason) for failure in failed],
        "samples": sampled,
        "omitted": omitted,
        "labels": {entity_type.name: entity_type.label for entity_type in entity_types},
        "columns": {entity_type.name: _by_worth(entity_type) for entity_type in entity_types},
        "questions": read_own_names(connection),
        "minor": minor,
    }


def _unmentioned(names: Sequence[str], statements: Iterable[str]) -> list[str]:
    """The entity types that no statistic reads; none where there are no statistics."""
    words = {word.lower() for sql in statements for word in re.findall(r"\w+", sql)}
    return [name for name in names if name.lower() not in words] if words else []


def _by_worth(entity_type: EntityType) -> list[str]:
    """The columns, references last: a reader learns little from ids, and they cost many tokens."""
    references = {column.name for column, _ in entity_type.references(soft=True)}
    return sorted(entity_type.by_name, key=references.__contains__)


def make_summary(scenario: str, parts: Mapping[str, Any], *, max_tokens: int | None) -> Summary:
    """A Summary from the result of `read_summary`, which may have been stored as JSON.

    Args:
        scenario: the scenario's name.
        parts: the result of `read_summary`.
        max_tokens: the budget of the text; by default 300, and 200 more for each sampled type.
    """
    samples = parts["samples"]
    if max_tokens is None:
        max_tokens = BASE_TOKENS + SAMPLE_TOKENS * len(samples)
    return Summary(
        scenario=scenario,
        scenario_id=parts["scenario_id"],
        description=parts["description"],
        created_at=parts["created_at"],
        tags=tuple(parts["tags"]),
        products=parts["products"],
        entity_counts=parts["entity_counts"],
        statistics={
            name: Answer(name, section, label, text, tuple(rows))
            for name, section, label, text, rows in parts["statistics"]
        },
        samples=samples,
        omitted=tuple(parts["omitted"]),
        max_tokens=check_limit("max_tokens", max_tokens, least=LEAST_TOKENS, most=1_000_000),
        labels=parts["labels"],
        columns=parts["columns"],
        # What an older version kept has none of these.
        questions=tuple(parts.get("questions", ())),
        minor=tuple(parts.get("minor", ())),
    )
