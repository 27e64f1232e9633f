"""The tools that read. A docstring is what the model reads, so each is short."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

import healthsim_store as hs
from healthsim_store.doors import all_typed

from . import descriptions
from .argument_types import Budget, Scenario
from .confined_store import ConfinedStore
from .progress import Progress
from .refusals import invalid
from .replies import BUDGET, Reply, cell, columnar, fitted, line

_TAGS = 20  # that are told in a list
_WIDTHS = (200, 60, 20, 8)  # to which values are cut when not even one row fits


class Reading:
    """Tools over one store; none of them changes anything."""

    def __init__(self, confined: ConfinedStore) -> None:
        self._confined = confined
        self._store = confined.store

    def scenario_list(
        self,
        search: Annotated[str | None, Field(description="Words of name, description, tags")] = None,
        tag: str | None = None,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Find scenarios, the last changed first. Without arguments all, and all tags."""
        infos = self._store.list_scenarios(search=search, tag=tag)
        tags: dict[str, int] = {}
        for info in infos if search is None and tag is None else ():
            for name in info.tags:
                tags[line(name, 40)] = tags.get(line(name, 40), 0) + 1
        used = dict(sorted(tags.items(), key=lambda item: (-item[1], item[0])))
        most = dict(list(used.items())[:_TAGS])
        columns = ["name", "entities", "tags", "changed", "about"]
        rows = [
            [line(i.name, 120), i.total, ", ".join(line(tag, 40) for tag in i.tags[:8]),
             i.changed_at[:10],
             line(f"cannot be read: {i.problem}" if i.problem else i.description)]
            for i in infos
        ]  # fmt: skip

        def make(count: int) -> Reply:
            text = columnar(columns, rows[:count]) if rows else "There are no such scenarios."
            data: dict[str, Any] = {"columns": columns, "rows": rows[:count]}
            if most:
                more = f", and {len(used) - len(most)} more" if len(used) > len(most) else ""
                text += f"\nTags: {', '.join(f'{name} {n}' for name, n in most.items())}{more}"
                data["tags"] = most
            if count < len(rows):
                text += f"\nTruncated: {count} of {len(rows)}. Use search or tag."
                data["truncated"] = len(rows) - count
            return Reply(text, data)

        return fitted(make, len(rows), max_tokens).result(max_tokens)

    def scenario_describe(
        self,
        scenario: Annotated[
            str | None, Field(description="Without: what can be stored, generated, exported")
        ] = None,
        entity_types: Annotated[
            list[str] | None, Field(description="For all about their fields")
        ] = None,
        profile: Annotated[str | None, Field(description="For its options")] = None,
        log: Annotated[
            int | None, Field(ge=1, le=100, description="For its newest log entries")
        ] = None,
        check: Annotated[bool, Field(description="For whether its file is sound")] = False,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """A scenario's tables, columns, questions; or fields, profiles, formats. Before SQL."""
        name = self._confined.name(scenario) if scenario is not None else None
        if (log is not None or check) and name is None:
            raise invalid("log and check are about a scenario: give its name.")
        if log is not None and check:
            raise invalid("Give log or check, one at a time.")
        if log is not None and name:
            reply = descriptions.log(self._store.scenario_info(name, log_entries=log), max_tokens)
        elif check and name:
            reply = descriptions.soundness(self._store.check_scenario(name), max_tokens)
        elif profile is not None:
            reply = descriptions.profile(self._store, profile, max_tokens)
        elif entity_types:
            known = self._store.registry(name) if name else self._store.list_entity_types()
            reply = descriptions.fields(known, entity_types, max_tokens)
        elif name:
            reply = descriptions.tables(self._store, name, max_tokens)
        else:
            reply = descriptions.everything(self._store, max_tokens)
        return reply.result(max_tokens)

    def scenario_summary(
        self,
        scenario: Scenario,
        samples: Annotated[int, Field(ge=0, le=10, description="Rows of each table")] = 0,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Counts and statistics of a scenario, in a few hundred tokens."""
        found = self._store.get_summary(
            self._confined.name(scenario), samples=samples, max_tokens=max_tokens
        )
        return summarised(found, max_tokens).result(max_tokens)

    def scenario_samples(
        self,
        scenario: Scenario,
        entity_type: str,
        count: Annotated[int, Field(ge=1, le=50)] = 3,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """A few entities, readable, spread over the data."""
        name = self._confined.name(scenario)
        found = [
            {key: line(v, 300) if isinstance(v, str) else cell(v) for key, v in row.items()}
            for row in self._store.get_samples(name, entity_type, count=count)
        ]

        def make(number: int) -> Reply:
            blocks = [
                "\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in row.items())
                for row in found[:number]
            ]
            text = "\n\n".join(blocks) or f"There are no {line(entity_type, 60)} in {name}."
            data: dict[str, Any] = {"samples": found[:number]}
            if number < len(found):
                text += f"\n\nTruncated: {number} of {len(found)}. A larger max_tokens gives more."
                data["truncated"] = len(found) - number
            return Reply(text, data)

        return fitted(make, len(found), max_tokens).result(max_tokens)

    def scenario_query(
        self,
        scenario: Scenario,
        sql: Annotated[str | None, Field(description="One SELECT, in SQLite's dialect")] = None,
        question: Annotated[
            str | None, Field(description="In place of sql: a name that scenario_describe tells")
        ] = None,
        values: Annotated[
            dict[str, str | int | float] | None, Field(description="For the :names of either")
        ] = None,
        limit: Annotated[int, Field(ge=1, le=1000)] = 20,
        offset: Annotated[int, Field(ge=0)] = 0,
        attach: Annotated[
            list[str] | None,
            Field(description="Further scenarios, each a schema named after it with _ for -"),
        ] = None,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Rows of a SELECT. It can only read."""
        if (sql is None) == (question is None) or (question and attach):
            raise invalid(
                "give either sql, with or without attach, or question."
                " scenario_describe(scenario) tells tables for the one, names for the other."
            )
        name = self._confined.name(scenario)
        if question is not None:
            page = self._store.ask_question(
                name, question, params=values, limit=limit, offset=offset
            )
        else:
            page = self._store.query_scenario(
                name, sql or "", params=all_typed(values) or None, limit=limit, offset=offset,
                attach=[self._confined.name(other) for other in attach or ()],
            )  # fmt: skip
        whole = _Page(page, offset)
        found = fitted(whole.reply, len(page.rows), max_tokens)
        for width in _WIDTHS:
            if found.fits(max_tokens):
                break
            found = whole.reply(min(1, len(page.rows)), width)
        if not found.fits(max_tokens):
            raise invalid(
                f"A row has {len(page.columns):,} columns, more than {max_tokens:,}"
                " tokens hold. Select fewer, or give a larger max_tokens."
            )
        return found.result(max_tokens)

    def scenario_diff(
        self,
        ctx: Context[Any, Any],
        a: Scenario,
        b: Scenario,
        rows: Annotated[int, Field(ge=0, le=20, description="Of each kind of change")] = 0,
        entity_type: str | None = None,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """What is added, removed and changed from a to b."""
        found = self._store.diff_scenarios(
            self._confined.name(a), self._confined.name(b), rows=rows, entity_type=entity_type,
            progress=Progress(ctx),
        )  # fmt: skip
        told: dict[str, Any] = {
            name: {"added": d.added, "removed": d.removed, "changed": d.changed}
            | ({"columns": dict(d.columns)} if d.columns else {})
            for name, d in found.entity_types.items()
            if d.differences
        }
        head = found.to_markdown()
        lines = found.rows_to_markdown().split("\n") if found.rows else []

        def make(count: int) -> Reply:
            data: dict[str, Any] = {"a": found.a, "b": found.b, "entity_types": told}
            text = "\n".join([head, *lines[:count]])
            if count:
                data["rows"] = lines[:count]
            if count < len(lines):
                text += f"\nTruncated: {count} of {len(lines)} rows. Give entity_type, fewer rows."
                data["truncated"] = len(lines) - count
            return Reply(text, data)

        return fitted(make, len(lines), max_tokens).result(max_tokens)

    # What an argument is, scenario_diff tells; the list of tools is paid for in every conversation.
    def scenario_compare(self, a: str, b: str, max_tokens: int = 400) -> CallToolResult:
        """Statistics of two cohorts side by side."""
        found = self._store.compare_scenarios(
            self._confined.name(a), self._confined.name(b), max_tokens=max_tokens
        )
        return compared(found, max_tokens).result(max_tokens)


class _Page:
    """Rows of a query as a reply, without the columns that are empty in all of them."""

    def __init__(self, page: hs.QueryResult, offset: int) -> None:
        self._offset = offset
        self._has_more = page.has_more
        self._total = page.total
        self._note = line(page.note, 300) if page.note else None
        self._columns = [
            name for name in page.columns if any(row[name] is not None for row in page.rows)
        ] or list(page.columns)
        self._empty = [name for name in page.columns if name not in self._columns]
        self._rows = [[cell(row[name]) for name in self._columns] for row in page.rows]

    def reply(self, count: int, width: int | None = None) -> Reply:
        rows = self._rows[:count]
        if width is not None:
            rows = [[line(v, width) if isinstance(v, str) else v for v in row] for row in rows]
        columns = [line(name, width or 120) for name in self._columns]
        told = [columnar(columns, rows) if rows else "No rows."]
        data: dict[str, Any] = {"columns": columns, "rows": rows}
        if self._total is not None:
            data["total"] = self._total
        if self._note:
            told.append(self._note)
            data["note"] = self._note
        if self._empty:
            told.append(f"Empty here: {', '.join(line(name) for name in self._empty)}")
            data["empty"] = [line(name) for name in self._empty]
        more = self._has_more or count < len(self._rows)
        if rows and (more or self._offset):
            reached = self._offset + count
            of = f" of {self._total:,}" if self._total is not None else ""
            told.append(f"Rows {self._offset + 1} to {reached}{of}.")
            if more:
                told[-1] += f" More: offset={reached}"
                data["truncated"] = True
                data["next_offset"] = reached
        if width is not None:
            told.append(f"Values are cut at {width} characters: select fewer columns, or substr().")
            data["truncated"] = True
        return Reply("\n".join(told), data)


def summarised(summary: hs.Summary, budget: int, head: str = "", **told: Any) -> Reply:
    """A summary, under what else there is to say."""
    # The texts of a file are its maker's: on one line each they cannot pass for anything else.
    statistics = {
        name: dataclasses.replace(
            answer, section=line(answer.section), label=line(answer.label),
            text=line(answer.text, 300),
        )
        for name, answer in summary.statistics.items()
    }  # fmt: skip
    plain = dataclasses.replace(
        summary, description=line(summary.description, 300) or None, statistics=statistics
    )
    data: dict[str, Any] = {"scenario": plain.scenario, **told}
    if plain.description:
        data["description"] = plain.description
    if plain.tags:
        data["tags"] = ", ".join(plain.tags)
    data["entity_counts"] = {name: n for name, n in plain.entity_counts.items() if n}
    data["statistics"] = {answer.label: answer.text for answer in statistics.values()}
    text = f"{head}{plain.to_markdown()}"
    for most in (12, 8, 5, 3, 2):
        reply = Reply(text, data | _samples(plain, most))
        if reply.fits(budget) or not plain.samples:
            return reply
    return Reply(text, data | {"truncated": True})


def compared(found: hs.ComparisonResult, budget: int) -> Reply:
    """As many differences as the budget has room for, the largest ones."""
    told = found.rows()

    def make(count: int, *, short: bool = True) -> Reply:
        data: dict[str, Any] = {"a": found.a, "b": found.b}
        if count:
            data |= {"columns": ["", "a", "b", "b - a"], "rows": told[:count]}
        if count < len(told):
            data["truncated"] = len(told) - count
        return Reply(found.told(count, short=short), data)

    whole = make(len(told), short=False)
    return whole if whole.fits(budget) else fitted(make, len(told), budget)


def _samples(summary: hs.Summary, most: int) -> dict[str, Any]:
    """Samples as columns and rows, of so many columns."""
    tables: dict[str, Any] = {}
    for name, rows in summary.samples.items():
        columns = [c for c in summary.columns[name] if any(c in row for row in rows)][:most]
        tables[name] = {
            "columns": ", ".join(columns),
            "rows": [[_short(row.get(column)) for column in columns] for row in rows],
        }
    return {"samples": tables} if tables else {}


def _short(value: Any) -> Any:
    return line(value, 40) if isinstance(value, str) else cell(value)
