"""Do in the graph what a person asks for on the page."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.models.bundle import read_bundle
from emg_recognition.page.controls import SESSION_COMMANDS, Answer, check_code
from emg_recognition.page.state import PageState
from emg_recognition.processes import node_command
from emg_recognition.resources import config_path
from emg_recognition.text import printable

#: How long to wait for an answer, s, and after how long stopping is asked for again.
_ANSWER = 3.0
_AGAIN = 0.5
_MOST_TRIES = 6
_LONGEST = 500
#: The nodes that read a bundle, in the order in which they get a new one, and whether they have to be told.
_READERS = {
    "preprocessing": True,
    "classifier": True,
    "signal_quality": True,
    "command_bridge": False,
    "decision": False,
}


class GraphControls:
    """The page's controls. They are called by the web server's thread; the node's executor gets the answers.

    Parameters
    ----------
    node : rclpy.node.Node
        The node that calls; its namespace is that of the arm.
    state : PageState
        The graph as it is.
    folder : Path
        Where new recordings go.
    plan : str
        The plan of new sessions; empty: the packaged one.
    """

    def __init__(self, node: Node, state: PageState, folder: Path, plan: str) -> None:
        self._namespace = node.get_namespace().strip("/") or None
        self._state, self._folder, self._plan = state, folder, plan
        self._session = {name: node.create_client(Trigger, f"session/{name}") for name in SESSION_COMMANDS}
        self._stop = node.create_client(Trigger, "command_bridge/stop")
        self._set = {name: node.create_client(SetParameters, f"{name}/set_parameters") for name in _READERS}
        self._get = {name: node.create_client(GetParameters, f"{name}/get_parameters") for name in _READERS}
        self._reload = {
            name: node.create_client(Trigger, f"{name}/reload_model")
            for name, told in _READERS.items()
            if told
        }
        #: A session that was started here and is not to be seen yet.
        self._started: subprocess.Popen[bytes] | None = None

    async def press(self, command: str) -> Answer:
        """Give the session a command."""
        if command not in self._session:
            return Answer(False, f"{command}: no such command")
        return _answer(await _call(self._session[command], Trigger.Request()), "no session is running")

    async def start_session(self, subject: str, cohort: str, session: str, don: str) -> Answer:
        """Start a session node that goes on when the page ends."""
        running = self._state.session
        starting = self._started is not None and self._started.poll() is None
        if starting or (running is not None and running.running):
            return Answer(False, "a session is running: stop it first")
        stamp = f"{datetime.now():%Y%m%d_%H%M%S}"
        try:
            who = {"subject": check_code("person", subject), "cohort": check_code("cohort", cohort)}
            name = check_code("session", session) if session.strip() else stamp
            output = self._folder / f"{who['subject']}_{stamp}"
            parameters = {**who, "session": name, "output": str(output), "plan": self._plan or None}
            if don:  # with a model the session has no plan by default
                parameters["plan"] = self._plan or str(config_path("session.yaml"))
                parameters |= {"model": don, "bundle": str(self._folder / "models" / output.name)}
            command = node_command("session_node", parameters, namespace=self._namespace)
            log = self._folder / "logs" / f"session_{stamp}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as file:
                # Leader of a session of its own: a node goes on when its parent ends (ros/runner.py).
                self._started = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
                )
        except (EmgRecognitionError, OSError) as error:
            return Answer(False, str(error))
        return Answer(True, f"the session of {who['subject']} starts; its recording is {output.name}")

    async def stop(self) -> Answer:
        """Stop the joints; asked again until there is an answer, because stopping twice does no harm."""
        for _ in range(_MOST_TRIES):
            answer = await _call(self._stop, Trigger.Request(), within=_AGAIN)
            if answer is not None:
                return _answer(answer, "")
            await asyncio.sleep(0.0 if self._stop.service_is_ready() else _AGAIN)
        return Answer(False, "no command bridge answers: press the emergency stop if a joint moves")

    async def use_bundle(self, bundle: str) -> Answer:
        """Give a bundle to every node that reads one; if one refuses, the others get the old one back."""
        bridge = self._state.snapshot.fresh_bridge()
        if bridge is not None and bridge.state.engaged:
            return Answer(False, f"refused while the bridge is {bridge.state.name}: disarm it first")
        try:
            actions = read_bundle(Path(bundle)).actions
        except EmgRecognitionError as error:
            return Answer(False, str(error))
        names = [name for name, client in self._set.items() if client.service_is_ready()]
        if "classifier" not in names:
            return Answer(False, "no classifier is running")
        before: dict[str, str] = {}
        for name in names:
            old = await _call(self._get[name], GetParameters.Request(names=["model"]))
            if old is None:
                return await self._back(before, f"{name} does not answer")
            before[name] = old.values[0].string_value
            refused = await self._give(name, bundle)
            for _ in range(_MOST_TRIES if name == "classifier" else 0):
                # The first windows of another signal path come half a second after preprocessing has it.
                if refused:
                    await asyncio.sleep(_AGAIN)
                    refused = await self._give(name, bundle)
            if refused:
                return await self._back(before, f"{name}: {refused}")
        return Answer(True, f"{Path(bundle).name} is at work: {', '.join(actions)}")

    async def _give(self, name: str, bundle: str) -> str:
        """Let a node read a bundle; return why it does not, empty if it does."""
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=bundle)
        request = SetParameters.Request(parameters=[Parameter(name="model", value=value)])
        done = await _call(self._set[name], request)
        if done is None:
            return "no answer"
        if not done.results[0].successful:
            return printable(done.results[0].reason, _LONGEST)
        if not _READERS[name]:
            return ""
        told = await _call(self._reload[name], Trigger.Request())
        return "no answer" if told is None else "" if told.success else printable(told.message, _LONGEST)

    async def _back(self, before: dict[str, str], why: str) -> Answer:
        failed = [name for name, bundle in before.items() if bundle and await self._give(name, bundle)]
        left = f"; {', '.join(failed)} did not go back, restart it" if failed else "; the old model goes on"
        return Answer(False, why + left)


def _answer(answer: Any, missing: str) -> Answer:
    if answer is None:
        return Answer(False, missing)
    return Answer(bool(answer.success), printable(answer.message, _LONGEST))


async def _call(client: Client, request: Any, *, within: float = _ANSWER) -> Any:
    """Call a service from the server's thread; return None without a service or an answer."""
    if not client.service_is_ready():
        return None
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Any] = loop.create_future()

    def arrived(future: Future) -> None:
        loop.call_soon_threadsafe(_settle, waiting, future)

    future = client.call_async(request)
    future.add_done_callback(arrived)
    try:
        return await asyncio.wait_for(waiting, within)
    except asyncio.TimeoutError:
        client.remove_pending_request(future)
        return None


def _settle(waiting: asyncio.Future[Any], future: Future) -> None:
    if not waiting.done():
        waiting.set_result(None if future.exception() is not None else future.result())
