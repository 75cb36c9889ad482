"""Plans from YAML: the defaults, the order, and what is refused."""

import pytest
import yaml

from emg_recognition.actions import PAPER_ACTION_NAMES
from emg_recognition.errors import SettingError
from emg_recognition.guided.plan import Plan, PlannedAction, load_plan
from emg_recognition.yaml_files import yaml_lines


def write(folder, content):
    path = folder / "plan.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_the_packaged_plan_is_the_default_with_the_papers_actions(repository):
    plan = load_plan(repository / "config" / "session.yaml")
    assert plan == Plan()
    prompts = plan.prompts()
    assert [prompt.action for prompt in prompts] == list(PAPER_ACTION_NAMES) * 6
    assert [prompt.repetition for prompt in prompts] == [n for n in range(1, 7) for _ in PAPER_ACTION_NAMES]
    assert all(prompt.text and prompt.hold == 3.0 for prompt in prompts)


def test_an_action_may_have_its_own_text_and_time(tmp_path):
    actions = [{"name": "fist", "text": "make a fist", "hold": 1.5}, "point", "rest"]
    plan = load_plan(write(tmp_path, {"actions": actions, "repetitions": 1}))
    assert [(p.action, p.text, p.hold) for p in plan.prompts()] == [
        ("fist", "make a fist", 1.5),
        ("point", "", 3.0),
        ("rest", "the arm is relaxed", 3.0),
    ]


def test_shuffled_rounds_have_every_action_once_and_follow_the_seed():
    def rounds(seed):
        prompts = Plan(order="shuffled", seed=seed).prompts()
        return [tuple(p.action for p in prompts[6 * n : 6 * n + 6]) for n in range(6)]

    assert rounds(1) == rounds(1)
    assert rounds(1) != rounds(2)
    assert len(set(rounds(1))) > 1
    assert all(sorted(one) == sorted(PAPER_ACTION_NAMES) for one in rounds(1))
    # The same in every version of Python.
    assert rounds(0)[0] == SHUFFLED


SHUFFLED = (
    "wrist_rotation",
    "elbow_extension",
    "wrist_extension",
    "elbow_flexion",
    "wrist_internal_rotation",
    "rest",
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"repetition": 3}, "plan.yaml: repetition is 3: no such setting; known are actions, repetitions"),
        ({"repetitions": 0}, "repetitions is 0"),
        ({"repetitions": True}, "repetitions is True"),
        ({"hold": 0.2}, "plan.yaml: hold is 0.2: use a number above 0.2, at most 3600 s"),
        ({"hold": "long"}, "hold is 'long'"),
        ({"pause": -1.0}, "pause is -1.0: use a number from 0 to 3600 s"),
        ({"reaction": float("nan")}, "reaction is nan"),
        ({"order": "random"}, "order is 'random': use one of fixed, shuffled"),
        ({"seed": -1}, "seed is -1"),
        ({"actions": []}, "actions is []"),
        ({"actions": ["rest", "rest"]}, "each only once"),
        ({"actions": "rest"}, "plan.yaml: actions is 'rest': write a list"),
        ({"actions": [3]}, "plan.yaml: actions.name is 3: use a text"),
        ({"actions": [{"name": "fist", "txt": ""}]}, "actions.txt is ''"),
        ({"actions": [{"name": " "}]}, "actions.name is ' ': give each action a name"),
        ({"actions": [{"name": "fist", "text": 3}]}, "actions.text is 3"),
        ({"actions": [{"name": "fist", "hold": 0}]}, "actions.hold is 0"),
        ({"actions": [{"hold": 1}]}, "plan.yaml: actions.name is None: give it a value"),
        ([1], "write a mapping"),
        ("a: [", "it is not a YAML file"),
    ],
)
def test_a_plan_that_cannot_be_used(tmp_path, content, words):
    with pytest.raises(SettingError) as caught:
        load_plan(write(tmp_path, content))
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file(tmp_path):
    with pytest.raises(SettingError, match=r"nowhere\.yaml.*cannot be read"):
        load_plan(tmp_path / "nowhere.yaml")


def test_an_empty_file_is_the_default(tmp_path):
    assert load_plan(write(tmp_path, "")) == Plan()


def test_the_hold_of_an_action_is_finite():
    with pytest.raises(SettingError, match="hold is inf"):
        PlannedAction(name="fist", hold=float("inf"))


def test_the_packaged_plan_shows_every_default(repository):
    text = (repository / "config" / "session.yaml").read_text(encoding="utf-8")
    assert text.endswith("\n".join([*yaml_lines(Plan), ""]))
