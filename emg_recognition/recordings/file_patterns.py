"""Regular expressions that a user or a stranger wrote, matched against file names in bounded time."""

from __future__ import annotations

import math
import re
import time
from typing import Any

from emg_recognition.errors import SettingError

#: Longest expression in characters, and the most copies that its counts ({2,5}) may ask for.
_LONGEST, _MOST_COPIES = 1000, 10_000
#: Processor time for all names together, s, and what each name adds.
_TIME, _TIME_EACH = 1.0, 0.001


class FilePattern:
    """A regular expression in Python's language.

    Some expressions need years for a name of thirty letters, such as ``(a+)+b``; this one gives up.

    Parameters
    ----------
    pattern : object
        The expression.
    setting : str
        The setting it comes from, for errors.

    Attributes
    ----------
    groups : set of str
        Its named groups.

    Raises
    ------
    SettingError
        If it is not a regular expression, or too large.
    """

    def __init__(self, pattern: object, setting: str = "files") -> None:
        if not isinstance(pattern, str) or not pattern:
            raise SettingError(setting, pattern, "write a regular expression for the file names")
        self._pattern, self._setting = pattern, setting
        if len(pattern) > _LONGEST:
            raise self._refused(f"write at most {_LONGEST} characters, not {len(pattern)}")
        counts = [int(number[-6:]) for number in re.findall(r"([0-9]+)\}", pattern)]
        if math.prod(max(count, 1) for count in counts) > _MOST_COPIES:
            raise self._refused(f"its counts in braces ask for more than {_MOST_COPIES} copies; use + or *")
        # Imported here because only tables need it.
        import regex

        try:
            self.groups = set(re.compile(pattern).groupindex)
            self._compiled = regex.compile(pattern)
            self._caseless = regex.compile(pattern, regex.IGNORECASE)
        except (re.error, regex.error, OverflowError) as error:
            raise self._refused(f"it is not a regular expression ({error})") from error
        except RecursionError as error:
            raise self._refused("it is nested too deeply; write fewer brackets") from error
        self._left = _TIME

    def groups_of(self, name: str) -> dict[str, str] | None:
        """Return the text of each named group if the whole name matches, or None.

        Raises
        ------
        SettingError
            If matching takes too long.
        """
        match = self._bounded(self._compiled.fullmatch, name)
        return None if match is None else {group: text or "" for group, text in match.groupdict().items()}

    def mismatch(self, name: str) -> str:
        """Say why a name does not match.

        Raises
        ------
        SettingError
            If matching takes too long.
        """
        if self._bounded(self._caseless.fullmatch, name):
            return "matches only if upper and lower case are the same"
        if part := self._bounded(self._compiled.search, name):
            return f"only {part[0]!r} matches, not the whole path"
        return "does not match"

    def _bounded(self, match: Any, name: str) -> Any:
        begin = time.process_time()
        try:
            return match(name, timeout=self._left)
        except (TimeoutError, MemoryError) as error:
            raise self._refused(
                f"it takes too long to match {name!r}; avoid repeats of repeats, such as (a+)+"
            ) from error
        finally:
            self._left = max(self._left - (time.process_time() - begin) + _TIME_EACH, _TIME_EACH)

    def _refused(self, remedy: str) -> SettingError:
        return SettingError(self._setting, self._pattern, remedy)
