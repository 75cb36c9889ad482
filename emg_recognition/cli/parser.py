"""The argument parser of every command: help with examples, and a remedy for what it does not know."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

#: Options whose name changed, and what they are called today.
RENAMED = {
    "--step": "--stride",
    "--turn": "--electrode-rotation",
    "--steps": "--steps-per-epoch",
    "--every-window": "--warm-up",
}


class Parser(argparse.ArgumentParser):
    """An argument parser that names the nearest word for a misspelt command, option or choice.

    Options cannot be abbreviated, so that a script keeps its meaning when an option is added.
    """

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", _HelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments; an unknown option is the first thing to be refused."""
        if args is not None:
            self._refuse_unknown(args)
        return super().parse_known_args(args, namespace)

    def _refuse_unknown(self, arguments: Iterable[str]) -> None:
        has_commands = any(isinstance(action, argparse._SubParsersAction) for action in self._actions)
        for argument in arguments:
            option = argument.partition("=")[0]
            if argument == "--" or (has_commands and not argument.startswith("-")):
                return  # what follows are values, or belongs to the command's own parser
            if option.startswith("--") and option not in self._option_string_actions:
                self.error(self._unknown_option(option))

    def _unknown_option(self, option: str) -> str:
        known = [name for name in self._option_string_actions if name.startswith("--")]
        new_name = RENAMED.get(option)
        if new_name in known:
            return f"{option} is called {new_name}"
        return f"there is no option {option}{did_you_mean(option, known)}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # The one hook that argparse has for choices; its own message is a long list without a hint.
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            hint = did_you_mean(str(value), choices) or f"; choose from {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"there is no {value!r}{hint}")

    def error(self, message: str) -> NoReturn:
        """Write one line that says what is wrong and where to read more; leave with code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``; did you mean X?`` for the nearest of the known words, or nothing if none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Wrap the description, keep the line breaks of the examples, and show defaults."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, max_help_position=20, **settings)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help or ""
        silent = action.default in (None, argparse.SUPPRESS, [], ()) or isinstance(action.default, bool)
        if silent or not action.option_strings or "(default" in text or "%(default)" in text:
            return text
        if isinstance(action.default, (list, tuple)):
            return f"{text} (default: {' '.join(map(str, action.default))})"
        return f"{text} (default: %(default)s)"


def examples(*lines: str) -> str:
    """Return the epilog of a command: its examples, one a line."""
    return "\n".join(["examples:", *(f"  {line}" for line in lines)])
