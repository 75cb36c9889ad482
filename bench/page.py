"""What the page costs: the processor time of its node, and what it does to the latency of the live path.

    tools/environment run python bench/page.py [--rounds 5] [--seconds 20] [--rows 1kHz 64ch]
    tools/environment run python bench/page.py --quick

The graph of `bench/live.py` runs in turns without the page and with it, with three views open in a headless
Chromium (`apt install chromium`). The browser stands for a tablet: it runs at the lowest priority, on the
last core alone if there are several. Printed are, as the median over the rounds with the smallest and the
largest,

- page: processor time of the page's node, as a share of one core,
- the time from the write of the frame that completes a window until its estimate is received, without the
  page and with it, and
- pictures: how many pictures of the live signals a view draws in a second; 20 are sent.

The machine has to be idle otherwise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from live import percentiles, spread  # noqa: E402
from live_path.graph import cpu_seconds, run  # noqa: E402
from live_path.rows import ROWS, Measured, write_model  # noqa: E402

from emg_recognition.processes import Graph  # noqa: E402

VIEWS = ("/", "/patient", "/")
_DRAWN = "() => Number(document.querySelector('[data-testid=signals]')?.dataset.pictures || 0)"


class Open:
    """The page with its views open, and what it used.

    Attributes
    ----------
    cpu : float
        Processor time of the node, share of a core in per cent.
    pictures : float
        Pictures of the live signals a second.
    """

    def __init__(self, chromium: str) -> None:
        self.cpu = self.pictures = 0.0
        self._chromium = chromium

    @contextmanager
    def beside(self, graph: Graph, folder: Path) -> Iterator[None]:
        """Serve the page and hold its views open."""
        from playwright.sync_api import sync_playwright

        process = graph.start("page", {"port": 0, "folder": str(folder / "page")}, capture=True)
        assert process.stdout is not None
        link = re.search(r"http://\S+", process.stdout.readline())
        if link is None:
            raise SystemExit(f"the page did not start; see {folder}")
        with sync_playwright() as driver:
            last = max(os.sched_getaffinity(0))
            wrapper = folder / "browser"
            wrapper.write_text(f'#!/bin/sh\nexec taskset -c {last} nice -n 19 {self._chromium} "$@"\n')
            wrapper.chmod(0o755)
            browser = driver.chromium.launch(executable_path=str(wrapper), args=["--no-sandbox"])
            views = [browser.new_page(viewport={"width": 1280, "height": 800}) for _ in VIEWS]
            for view, path in zip(views, VIEWS, strict=True):
                view.goto(link[0].rstrip("/") + path)
            views[0].wait_for_function(f"({_DRAWN})() > 20")
            used, drawn, begin = cpu_seconds(process.pid), views[0].evaluate(_DRAWN), time.monotonic()
            yield
            passed = time.monotonic() - begin
            self.cpu = 100 * (cpu_seconds(process.pid) - used) / passed
            self.pictures = (views[0].evaluate(_DRAWN) - drawn) / passed
            browser.close()


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=["1kHz", "64ch"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run, besides its start")
    parser.add_argument("--quick", action="store_true", help="two seconds with the page: only a trial")
    arguments = parser.parse_args()
    rows, rounds, seconds = arguments.rows, arguments.rounds, arguments.seconds
    if arguments.quick:
        rows, rounds, seconds = rows[:1], 1, 2.0
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("there is no Chromium: apt install chromium")
    config = str(REPOSITORY / "config" / "compact.yaml")
    print("| signal | page, % | estimate without 50 / 95 / 99 %, ms | with, ms | pictures | dropped |")
    print("|---|---|---|---|---|---|")
    for name in rows:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            make = multiprocessing.get_context("spawn").Process(
                target=write_model, args=(folder, ROWS[name], config)
            )
            make.start()
            make.join()
            without: list[Measured] = []
            beside: list[tuple[Measured, Open]] = []
            for number in range(rounds):
                common = ("four processes", ROWS[name], folder / "bundle", seconds)
                if not arguments.quick:
                    without.append(run(*common, folder / f"{number}_without"))
                page = Open(chromium)
                beside.append((run(*common, folder / f"{number}_with", beside=page.beside), page))
            cells = [
                name,
                spread([page.cpu for _, page in beside], 1),
                percentiles([one.estimates for one in without]),
                percentiles([one.estimates for one, _ in beside]),
                spread([page.pictures for _, page in beside], 1),
                str(sum(one.dropped or 0 for one, _ in beside)),
            ]
            print("|", " | ".join(cells), "|", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
