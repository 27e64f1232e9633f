"""What a reply offers to do next, read from its text as a reader would, ready to be run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import click

from healthsim_store.cli import cli
from healthsim_store.store import VERBS

# What a reader puts in place of a value that is theirs to choose.
OWN = {
    "--timeout": "60", "--entity": "owners", "--batch-id": "b-1", "--as": "another",
    "--on-conflict": "skip", "--offset": "20", "--to": "another",
}  # fmt: skip

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_COMMAND = re.compile(r"healthsim-store (?=[a-z])")
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_PAIR = re.compile(r"\b([a-z_]+)=(\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}|\w+)")


def commands(text: str) -> Iterator[list[str]]:
    """The commands that a text offers, with what belongs to each and no word of the sentence."""
    for match in _COMMAND.finditer(text):
        words = [word[0] for word in _WORD.finditer(text[match.end() :])]
        name = words.pop(0)
        command = cli.get_command(click.Context(cli), name.rstrip(".,;:"))
        assert command is not None, f"no command {name}: {text}"
        yield ["healthsim-store", name.rstrip(".,;:"), *_belonging(command, words)]


def _belonging(command: click.Command, words: list[str]) -> Iterator[str]:
    options = {flag: one for one in command.params for flag in one.opts}
    # A command that takes any number of names is told of one.
    places = sum(isinstance(one, click.Argument) for one in command.params)
    while words:
        word = words.pop(0)
        end = word[-1] in ".,;:" and not word.endswith("...")
        word = word.rstrip(".,;:") if end else word
        if word.startswith("--") and word != "--":
            assert word in options, f"{command.name} has no {word}"
            yield word
            one = options[word]
            assert isinstance(one, click.Option)
            if not one.is_flag and words and not end:
                value = words.pop(0)
                end = value[-1] in ".,;:" and not value.endswith("...")
                yield shlex.split(value.rstrip(".,;:") if end else value)[0]
        elif word == "--":
            yield word
        elif places:
            places -= 1
            yield shlex.split(word)[0]
        else:
            return
        if end:
            return


def flags(text: str, command: str) -> Iterator[list[str]]:
    """The options of the command at hand that a text offers, each with a value if it needs one."""
    made = cli.get_command(click.Context(cli), command)
    assert made is not None
    below = made.commands.values() if isinstance(made, click.Group) else ()
    options = {flag: one for part in (made, *below) for one in part.params for flag in one.opts}
    before = text[: found.start()] if (found := _COMMAND.search(text)) else text
    for match in _FLAG.finditer(before):
        flag = match[0]
        assert flag in options, f"{command} has no {flag}: {text}"
        one = options[flag]
        assert isinstance(one, click.Option)
        if one.is_flag:
            yield [flag]
            continue
        value = re.match(r" ([\w./=-]*[\w=])(?=[\s,.;]|$)", before[match.end() :])
        yield [flag, value[1] if value and flag not in OWN else _own(flag, value)]


def _own(flag: str, value: re.Match[str] | None) -> str:
    given = OWN[flag]
    # A value that is told in place is meant; a word of the sentence is not.
    told = value and (flag in ("--on-conflict", "--offset") or value[1] in ("owners", "pets"))
    return value[1] if value and told else given


def python_calls(text: str) -> Iterator[tuple[str, str]]:
    """Calls of verbs, as code: the verb, and all of the call."""
    for match in re.finditer(rf"\b({'|'.join(VERBS)})\(", text):
        yield match[1], text[match.start() : _closing(text, match.end())]


def tool_calls(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls of tools, with their arguments; not those with ``...`` for a value of the caller's."""
    for match in re.finditer(r"\b(scenario_[a-z]+)\(", text):
        inner = text[match.end() : _closing(text, match.end()) - 1]
        if "..." in inner or (inner and "=" not in inner):
            continue
        yield match[1], _json_arguments(inner)


def pairs(text: str) -> dict[str, Any]:
    """Options as ``name=value``, in Python or of a tool, outside of calls."""
    outside = text
    for _, code in python_calls(text):
        outside = outside.replace(code, "")
    outside = re.sub(r"scenario_[a-z]+\([^)]*\)", "", outside)
    found = {}
    for name, value in _PAIR.findall(outside):
        found[name] = {"True": True, "true": True}.get(value) or json.loads(value.replace("'", '"'))
    return found


def _json_arguments(inner: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    decoder = json.JSONDecoder()
    while inner:
        name, _, rest = inner.lstrip(", ").partition("=")
        found[name], end = decoder.raw_decode(rest)
        inner = rest[end:]
    return found


def _closing(text: str, start: int) -> int:
    """Just after the bracket that closes the one before ``start``; quotes are stepped over."""
    depth, quote = 1, ""
    for at in range(start, len(text)):
        sign = text[at]
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"'":
            quote = sign
        else:
            depth += (sign in "([{") - (sign in ")]}")
            if depth == 0:
                return at + 1
    raise AssertionError(f"a call that does not end: {text}")
