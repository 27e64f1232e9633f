"""The tools that write. A docstring is what the model reads, so each is short."""

from __future__ import annotations

import csv
import os
import secrets
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from healthsim_store.doors import all_typed

from . import entity_sources
from .argument_types import Budget, Scenario, Strategy
from .arguments import subset_arguments
from .confined_store import ConfinedStore
from .descriptions import profile_count
from .progress import Progress, Rows
from .refusals import invalid
from .replies import BUDGET, Reply, cell, columnar, line

_TRASH = 30  # deleted scenarios that are told
_PLAIN = ("scenario", "tags")  # of what a change of labels tells, are told without their names


class Writing:
    """Tools over one store; each changes something."""

    def __init__(self, confined: ConfinedStore) -> None:
        self._confined = confined
        self._store = confined.store

    def scenario_persist(
        self,
        ctx: Context[Any, Any],
        profile: Annotated[
            str | None, Field(description="Generate by it: a name from scenario_describe")
        ] = None,
        count: Annotated[int | None, Field(ge=1, description="With profile")] = None,
        seed: Annotated[int | None, Field(ge=0, description="With profile")] = None,
        options: Annotated[
            dict[str, Any] | None, Field(description="Of profile, of format, or how file is read")
        ] = None,
        for_scenario: Annotated[str | None, Field(description="Profile reads it")] = None,
        file: Annotated[
            str | None, Field(description="CSV, JSON, NDJSON, Parquet, or an export's folder")
        ] = None,
        format: Annotated[str | None, Field(description="Of file, if its ending is silent")] = None,
        entity_type: Annotated[
            str | None, Field(description="Of file, if its name is silent")
        ] = None,
        select: Annotated[
            dict[str, str] | None,
            Field(description="SELECT by entity type, over source, into another scenario"),
        ] = None,
        source: str | None = None,
        entities: Annotated[
            dict[str, list[dict[str, Any]]] | None,
            Field(description="Rows by entity type, inline: dear, so only a few"),
        ] = None,
        scenario: Annotated[
            str | None, Field(description="Add to it, or name a new one; else named by context")
        ] = None,
        context: Annotated[str | None, Field(description="What it is for")] = None,
        tags: list[str] | None = None,
        on_conflict: Literal["error", "skip", "replace", "update"] = "error",
        batch_id: Annotated[
            str | None, Field(description="Any text; a retry with the same adds nothing")
        ] = None,
        round_decimals: bool = False,
        again: Annotated[bool, Field(description="Also what is there already")] = False,
        dry_run: bool = False,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Store entities of one: profile, file, select, entities. The reply is a summary."""
        sources = {"profile": profile, "file": file, "select": select, "entities": entities}
        given = [name for name, value in sources.items() if value]
        if len(given) != 1:
            raise invalid(
                f"Give one of profile, file, select and entities, not {' and '.join(given) or 0}."
            )
        order = entity_sources.Order(
            scenario, context, tags or (), on_conflict, batch_id, round_decimals, again, dry_run
        )
        if dry_run and profile:
            raise invalid("dry_run is for file, select and entities.")
        if options and not (profile or file):
            raise invalid("options are of profile and file.")
        with self._confined.once(batch_id):
            if profile:
                progress = Progress(ctx, count or profile_count(self._store, profile))
                said, stored = entity_sources.generated(
                    self._confined, profile, count, seed, options, for_scenario, order, progress
                )
                return entity_sources.told(said, stored, max_tokens).result(max_tokens)
            left: dict[str, int] = {}
            if file:
                stored, left = entity_sources.from_file(
                    self._confined, file, format, entity_type, options, order, Progress(ctx)
                )
            elif select:
                if source is None:
                    raise invalid("select needs source: the scenario that is asked.")
                stored = entity_sources.selected(
                    self._confined, source, select, order, Progress(ctx)
                )
            else:
                stored = entity_sources.inline(self._confined, entities or {}, order)
        said = "was there already" if stored.repeated else "new" if stored.created else "added to"
        return entity_sources.told(said, stored, max_tokens, left).result(max_tokens)

    def scenario_change(
        self,
        scenario: Scenario,
        entity_type: str | None = None,
        where: Annotated[str | None, Field(description="SQL expression; 1 = all")] = None,
        set: Annotated[dict[str, Any] | None, Field(description="New value by field")] = None,
        set_sql: Annotated[
            dict[str, str] | None, Field(description="SQL expression by field")
        ] = None,
        values: Annotated[dict[str, Any] | None, Field(description="For :names in SQL")] = None,
        remove: Annotated[bool, Field(description="Instead of set")] = False,
        batch: Annotated[
            str | None, Field(description="Remove it: last, its batch_id, or number in the log")
        ] = None,
        with_children: bool = False,
        dry_run: bool = False,
    ) -> CallToolResult:
        """Update or remove entities. scenario_undo takes it back."""
        name = self._confined.name(scenario)
        params = all_typed(values) or None
        if batch is None and not remove:
            if entity_type is None or where is None:
                raise invalid("An update needs entity_type, where, and set or set_sql.")
            made: Any = self._store.update_entities(
                name, entity_type, set, expressions=set_sql, where=where, params=params,
                dry_run=dry_run,
            )  # fmt: skip
        elif set or set_sql:
            raise invalid("Give set to update, or remove or batch to remove, not both.")
        else:
            made = self._store.remove_entities(
                name, entity_type, where=where, params=params, batch=batch,
                with_children=with_children, dry_run=dry_run,
            )  # fmt: skip
        return Reply(made.to_markdown(), made.to_dict()).result()

    def scenario_undo(self, scenario: Scenario, redo: bool = False) -> CallToolResult:
        """Take the last operation back, or redo it. What can be undone: describe's log."""
        name = self._confined.name(scenario)
        made = self._store.redo(name) if redo else self._store.undo(name)
        return Reply(made.to_markdown(), made.to_dict()).result()

    def scenario_annotate(
        self,
        scenario: Scenario,
        add: list[str] | None = None,
        remove: list[str] | None = None,
        description: str | None = None,
        note: Annotated[str | None, Field(description="For its log")] = None,
        question: Annotated[str | None, Field(description="Name, to save with sql")] = None,
        sql: Annotated[str | None, Field(description="Empty removes it")] = None,
    ) -> CallToolResult:
        """Change tags, description or saved questions; add a note. All tags: scenario_list."""
        if not (add or remove or note or question) and description is None:
            raise invalid(
                "Give add, remove, description, note, or question with sql."
                " scenario_list() tells all tags."
            )
        if (question is None) != (sql is None):
            raise invalid("question and sql belong together; an empty sql removes the question.")
        name = self._confined.name(scenario)
        told: dict[str, Any] = {"scenario": name}
        # What may be refused comes first, and the note last: it alone would be there twice when the
        # call is made again.
        if question and sql:
            told["saved"] = self._store.save_question(name, question, sql, replace=True).name
        elif question:
            told["removed"] = self._store.remove_question(name, question)
        if add or remove:
            tags = self._store.add_tags(name, *add) if add else ()
            tags = self._store.remove_tags(name, *remove) if remove else tags
            told["tags"] = ", ".join(map(line, tags))
        if description is not None:
            told["description"] = line(self._store.set_description(name, description), 300)
        if note:
            told["note"] = self._store.add_note(name, note)
        said = [f"{what} {told[what] or 'none'}" for what in told if what not in _PLAIN]
        if "tags" in told:
            said.insert(0, told["tags"] or "no tags")
        return Reply(f"{line(name)}: {', '.join(said)}", told).result()

    def scenario_rename(self, scenario: Scenario, new_name: str) -> CallToolResult:
        """Give a scenario another name."""
        old = self._confined.name(scenario)
        new = self._store.rename_scenario(old, new_name)
        return Reply(f"Old name: {line(old)}\nNew name: {new}", {"old": old, "new": new}).result()

    def scenario_clone(
        self,
        ctx: Context[Any, Any],
        scenario: Scenario,
        new_name: str | None = None,
        part: Annotated[
            dict[str, Any] | None,
            Field(
                description="Of it: only (SELECT of ids) or only_question, values; sample, seed,"
                " stratify; split, such as {train: 80, test: 20}"
            ),
        ] = None,
    ) -> CallToolResult:
        """Copy a scenario, or a part of it, with new ids for every entity."""
        given = subset_arguments(part)
        shares = given.pop("split", None)
        name, progress = self._confined.name(scenario), Progress(ctx)
        if shares is not None:
            split = self._store.split_scenario(
                name, shares, new_name=new_name, progress=progress, **given
            )
            return Reply(split.to_markdown(), split.to_dict()).result()
        made = self._store.clone_scenario(name, new_name=new_name, progress=progress, **given)
        copied = {name: n for name, n in made.copied.items() if n}
        told = made.to_dict()
        more = {key: told[key] for key in ("chosen", "how", "not_taken") if key in told}
        data = {"scenario": made.scenario, "source": made.source, "copied": copied}
        return Reply(made.to_markdown(), data | {"total": made.total} | more).result()

    def scenario_merge(
        self,
        ctx: Context[Any, Any],
        scenarios: list[str],
        new_name: str | None = None,
        context: Annotated[str | None, Field(description="What it is for; names it")] = None,
        on_conflict: Strategy = "skip",
        base: Annotated[str | None, Field(description="What all were cloned from")] = None,
        into: Annotated[str | None, Field(description="Change this one")] = None,
        dry_run: bool = False,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Put several scenarios into a new one, or a clone's changes into another."""
        made = self._store.merge_scenarios(
            [self._confined.name(scenario) for scenario in scenarios], new_name=new_name,
            context=context, on_conflict=on_conflict, base=base and self._confined.name(base),
            into=into and self._confined.name(into), dry_run=dry_run, progress=Progress(ctx),
        )  # fmt: skip
        told = made.to_dict()
        kept = (
            "scenario", "dry_run", "sources", "entity_counts", "total", "conflicts", "same", "tags",
            "base", "into", "changes", "disputes", "done", "number", "undoable",
        )  # fmt: skip
        data = {key: told[key] for key in kept if told.get(key) not in (None, {}, [])}
        more = "Truncated: see scenario_summary."
        return Reply(made.to_markdown(), data).result(max_tokens, more)

    def scenario_export(
        self,
        ctx: Context[Any, Any],
        scenario: Scenario,
        format: str = "csv",
        to: Annotated[
            str | None, Field(description="New folder (of query: a .csv file); has a default")
        ] = None,
        query: Annotated[
            str | None, Field(description="Only the rows of this SELECT, as one CSV file")
        ] = None,
        force: Annotated[bool, Field(description="Replace an export that is there")] = False,
        drop_sensitive: bool = False,
        options: Annotated[
            dict[str, Any] | None, Field(description="Of the format, if it has some")
        ] = None,
        max_tokens: Budget = BUDGET,
    ) -> CallToolResult:
        """Write a scenario, or a query's rows, to files instead of the context."""
        name = self._confined.name(scenario)
        if query is not None:
            if format != "csv" or options:
                raise invalid(
                    "query is written as CSV. For another format put its rows into a"
                    " scenario by scenario_persist(select=..., source=...), and export that."
                )
            reply = self.write_query(name, query, to, force=force, progress=Progress(ctx))
            return reply.result(max_tokens)
        if os.sep in format or "/" in format:  # the folder of a standard may lie anywhere
            raise invalid("format is one of the list: a standard's folder is given by the user.")
        confinement = self._confined.confinement
        target = confinement.writing(to) if to else confinement.export_folder(name, format)
        made = self._store.export_scenario(
            name, format=format, to=target, force=force, drop_sensitive=drop_sensitive,
            options=options and self._with_paths(options), progress=Progress(ctx),
        )  # fmt: skip
        data = {
            "scenario": made.scenario, "format": made.format, "folder": str(made.location),
            "rows": {file.name: file.rows for file in made.files}, "bytes": made.bytes,
        }  # fmt: skip
        if made.left_out:
            data["left_out"] = {line(one.entity_type, 60): one.rows for one in made.left_out}
        if made.unwritten:
            data["columns_left_out"] = line(made.told_unwritten, 400)
        refused = {one.name: line(one.told(), 400) for one in made.datasets if one.told()}
        if refused:
            data["datasets"] = refused
        more = f"Truncated. All files are in {line(str(target), 120)}."
        return Reply(made.to_markdown(), data).result(max_tokens, more)

    def _with_paths(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options of a format with the real paths of the files that they name, or an error."""
        formats = self._store.export_options().values()
        files = {option.name for declared in formats for option in declared if option.of_file}
        reading = self._confined.confinement.reading
        return {
            name: str(reading(str(value))) if name in files and value is not None else value
            for name, value in options.items()
        }

    def write_query(
        self, name: str, query: str, to: str | None, *, force: bool, progress: Rows
    ) -> Reply:
        """All rows of a SELECT, of one moment, as a CSV file; ``force`` replaces an export."""
        confinement = self._confined.confinement
        path = confinement.writing(to or f"{name}-query.csv")
        if path.suffix != ".csv":
            path = path / "query.csv"
        replaced = force and confinement.replaceable(path) and not path.is_dir()
        if path.exists() and not replaced:
            raise ToolError(f"target_exists: {path} is there already. Give another path in to.")
        count = 0
        header: list[str] = []
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("x", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                with self._store.rows(name, query) as rows:
                    header = list(rows.columns)
                    writer.writerow(header)
                    for chunk in rows.chunks():
                        writer.writerows([map(cell, row) for row in chunk])
                        count += len(chunk)
                        progress(len(chunk))
            part.replace(path)
        except OSError as error:
            raise ToolError(f"not_writable: {path} cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        data = {"file": str(path), "rows": count, "columns": header}
        return Reply(f"{count:,} rows of {', '.join(map(line, header))}\nin {path}", data)

    def scenario_delete(
        self, scenario: Annotated[str, Field(description="The whole name")]
    ) -> CallToolResult:
        """Move a scenario to the trash."""
        self._confined.name(scenario)  # a link out of the store is refused
        name = self._store.delete_scenario(scenario)
        text = f'Deleted {line(name)}. scenario_restore(scenario="{line(name)}") brings it back.'
        return Reply(text, {"deleted": name}).result()

    def scenario_restore(
        self,
        scenario: Annotated[str | None, Field(description="Without: what is in the trash")] = None,
        new_name: str | None = None,
        number: Annotated[int | None, Field(description="In the trash, for an older one")] = None,
    ) -> CallToolResult:
        """Bring the last deleted scenario of a name back."""
        if scenario is None and number is None:
            found = self._store.list_deleted()
            columns = ["name", "deleted", "number", "bytes"]
            rows = [[line(e.name), e.deleted_at, e.number, e.size] for e in found[:_TRASH]]
            text = columnar(columns, rows) if rows else "The trash is empty."
            data: dict[str, Any] = {"columns": columns, "rows": rows}
            if len(found) > _TRASH:
                text += f"\nTruncated: the last {_TRASH} of {len(found)}."
                data["truncated"] = len(found) - _TRASH
            return Reply(text, data).result()
        name = self._store.restore_scenario(scenario, number=number, new_name=new_name)
        return Reply(f"Restored {line(name)}.", {"restored": name}).result()
