"""CSV in the browser: all rows or an error, never a part of them without a word.

Datasette ends the CSV of a query after ``max_returned_rows``, and that of a table too, unless its
address asks for a stream. So the address of a query leads to a page of ours, and that of a table
asks for the stream.
"""

from __future__ import annotations

import asyncio
import codecs
import csv
import itertools
import tempfile
from collections.abc import Mapping
from typing import IO, Any, cast
from urllib.parse import parse_qsl, quote, urlencode

from datasette.utils import tilde_decode
from datasette.utils.asgi import AsgiStream

from ..errors import QueryTooLarge
from ..query.pages import csv_ready
from ..query.select import all_typed
from ..query.stream import RowStream
from .arguments import QueryArguments
from .metadata import query_name
from .served_store import ServedStore

_MOST_BYTES = 1_000_000_000
_IN_MEMORY = 1_000_000  # bytes; more of them are kept in a temporary file
_PART = 65_536
_CHUNK = 1_000  # rows between looks at the size


def lead(scope: dict[str, Any], path: str, description: Mapping[str, Any]) -> tuple[Any, str]:
    """The request, and its path below ``base_url``, as they are answered.

    Args:
        scope: the request, as ASGI has it.
        path: its path below ``base_url``.
        description: what Datasette is told of the scenario: its tables and queries.
    """
    _, _, rest = path.removeprefix("/").partition("/")
    name = tilde_decode(rest.removesuffix(".csv"))
    if "/" in rest or not rest.endswith(".csv"):
        return scope, path
    if name in description.get("queries", {}):
        ours = f"{path.removesuffix(rest)}-/questions/{rest}"
        address = f"{_of(scope).removesuffix(path)}{ours}"
        return {**scope, "path": address, "raw_path": address.encode()}, ours
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    whole = given.get("_size", "max") == "max" and not given.keys() & {"_stream", "_next"}
    if whole and name in description.get("tables", {}):
        pairs = [pair for pair in pairs if pair[0] != "_size"]
        pairs += [("_size", "max"), ("_stream", "on")]
        scope = {**scope, "query_string": urlencode(pairs).encode("latin-1")}
    return scope, path


def _of(scope: Mapping[str, Any]) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "replace").partition("?")[0]


def of_query(served: ServedStore, name: str, asked: QueryArguments, *, limited: bool) -> IO[bytes]:
    """The rows of a SELECT, from ``asked.offset`` on: all, or ``asked.limit`` where ``limited``.

    Raises what `Store.rows` raises.
    """
    for other in asked.attach:
        served.path(other)
    return _written(
        served.store.rows(
            served.path(name).stem,
            asked.sql or "",
            params=all_typed(asked.parameters) or None,
            timeout=asked.timeout,
            attach=asked.attach,
        ),
        first=asked.offset,
        end=asked.offset + asked.limit if limited else None,
    )


def of_question(
    served: ServedStore, name: str, query: str, arguments: str, timeout: float
) -> IO[bytes]:
    """The rows of a question, or of a statistic, as Datasette names it.

    Args:
        served: the store.
        name: the scenario.
        query: the name that Datasette has for it.
        arguments: of the URL, the values of the question.
        timeout: seconds.

    Raises what `Store.question_rows` raises.
    """
    scenario = served.path(name).stem
    for question in served.store.list_questions(scenario):
        if query_name(question) == query:
            pairs = parse_qsl(arguments, keep_blank_values=True)
            values = {key: text for key, text in pairs if not key.startswith("_")}
            return _written(
                served.store.question_rows(
                    scenario, question.name, params=all_typed(values), timeout=timeout
                )
            )
    sql = served.question_sql(name, query)
    return _written(served.store.rows(scenario, sql, timeout=timeout))


def _written(rows: RowStream, *, first: int = 0, end: int | None = None) -> IO[bytes]:
    """The rows from ``first`` to ``end``, all of them before the first is sent.

    What fails halfway is then an error, not a short file. The scenario is read at once, and no
    writer waits for a slow reader.
    """
    kept = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        writer = csv.writer(codecs.getwriter("utf-8")(kept))
        with rows:
            writer.writerow(rows.columns)
            wanted = itertools.islice(itertools.chain.from_iterable(rows.chunks()), first, end)
            while chunk := [*itertools.islice(wanted, _CHUNK)]:
                writer.writerows([csv_ready(value) for value in row] for row in chunk)
                if kept.tell() > _MOST_BYTES:
                    raise QueryTooLarge(
                        f"These rows are over {_MOST_BYTES // 10**6:,} MB of CSV.",
                        hint="On the command line, healthsim-store query --csv writes all of them.",
                    )
        kept.seek(0)
    except BaseException:
        kept.close()
        raise
    return kept


def response(kept: IO[bytes], name: str) -> AsgiStream:
    """The file as an answer, to be saved under a name."""

    async def send(writer: Any) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        with kept:
            while part := await asyncio.to_thread(kept.read, _PART):
                await writer.write(decoder.decode(part))

    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"
    return AsgiStream(
        send,
        headers={"content-disposition": disposition},
        content_type="text/csv; charset=utf-8",
    )
