"""What is missing in a bag or damaged, each said once."""

from __future__ import annotations


class Problems(list[str]):
    """Plain sentences in the order in which they turned up; a bag may be read more than once."""

    def tell(self, problem: str) -> None:
        """Add a problem unless it is known.

        Parameters
        ----------
        problem : str
            One sentence.
        """
        if problem not in self:
            self.append(problem)
