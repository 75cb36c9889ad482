"""Everything that patients read on the page, in every language."""

from __future__ import annotations

from emg_recognition.actions import PAPER_ACTIONS

LANGUAGES = {"en": "English", "de": "Deutsch", "zh": "中文"}
"""Codes of the languages and their own names; a text is in this order."""

_DESCRIPTIONS = {action.name: action.description for action in PAPER_ACTIONS}

_TEXTS: dict[str, tuple[str, str, str]] = {
    # What the wearer does.
    "action.rest": ("Relax", "Locker lassen", "放松"),
    "action.wrist_internal_rotation": ("Turn the palm down", "Handfläche nach unten drehen", "掌心向下转"),
    "action.wrist_extension": ("Lift the hand", "Hand nach oben strecken", "手背向上抬"),
    "action.wrist_rotation": ("Turn the palm up", "Handfläche nach oben drehen", "掌心向上转"),
    "action.elbow_flexion": ("Bend the elbow", "Ellenbogen beugen", "弯曲手肘"),
    "action.elbow_extension": ("Stretch the elbow", "Ellenbogen strecken", "伸直手肘"),
    # The patient's view.
    "patient.title": ("Exercise", "Übung", "训练"),
    "patient.now": ("NOW", "JETZT", "现在做"),
    "patient.rest": ("REST", "PAUSE", "休息"),
    "patient.next": ("Next", "Als Nächstes", "接下来"),
    "patient.wait": ("Please wait", "Bitte warten", "请稍候"),
    "patient.wait_why": (
        "The armband is being checked.",
        "Das Armband wird geprüft.",
        "正在检查臂环。",
    ),
    "patient.paused": ("Break", "Unterbrechung", "暂停"),
    "patient.paused_why": (
        "Take your time. Press the button to go on.",
        "Lassen Sie sich Zeit. Mit der Taste geht es weiter.",
        "不用着急，准备好后请按按钮继续。",
    ),
    "patient.ended": ("Finished", "Fertig", "完成"),
    "patient.ended_why": ("Thank you!", "Vielen Dank!", "谢谢！"),
    "patient.none": ("No session", "Keine Sitzung", "没有训练"),
    "patient.none_why": (
        "It begins when your therapist starts it.",
        "Sie beginnt, sobald sie gestartet wird.",
        "治疗师开始后，训练就会开始。",
    ),
    "patient.lost": ("One moment", "Einen Moment", "请稍候"),
    "patient.lost_why": (
        "Nothing is heard from the session.",
        "Von der Sitzung kommt gerade nichts an.",
        "暂时收不到训练信息。",
    ),
    "patient.turn": ("The armband is turned", "Das Armband ist verdreht", "臂环有转动"),
    "patient.straight": ("The armband sits well", "Das Armband sitzt gut", "臂环位置正好"),
    "patient.turn_why": (
        "The program takes this into account.",
        "Das Programm berücksichtigt das.",
        "程序会自动校正。",
    ),
    "patient.minutes": ("about {minutes} min left", "noch etwa {minutes} min", "还剩约 {minutes} 分钟"),
    "patient.seconds": ("less than a minute left", "weniger als eine Minute", "还剩不到一分钟"),
    "patient.praise": (
        "Well done.|Thank you.|Very good.|Nice work.",
        "Gut gemacht.|Danke.|Sehr gut.|Prima.",
        "做得好。|谢谢。|很好。|真棒。",
    ),
    "patient.begin": ("Begin", "Anfangen", "开始"),
    "patient.pause": ("Break", "Pause machen", "暂停"),
    "patient.continue": ("Go on", "Weiter", "继续"),
    "patient.sound": ("Full screen and sound", "Vollbild und Ton", "全屏和声音"),
    "patient.left_arm": ("Left arm", "Linker Arm", "左臂"),
    "patient.right_arm": ("Right arm", "Rechter Arm", "右臂"),
    "patient.therapist": ("Therapist", "Therapie", "治疗师"),
    # Tests: try before moving.
    "test.title": ("Try before moving", "Ausprobieren", "先试一试"),
    "test.targets": ("Reach the targets", "Ziele erreichen", "到达目标"),
    "test.targets_how": (
        "Move the dot into the circle and hold it there.",
        "Bewegen Sie den Punkt in den Kreis und halten Sie ihn dort.",
        "把圆点移到圆圈里并保持住。",
    ),
    "test.reactions": ("Do this now", "Jetzt machen", "听到就做"),
    "test.reactions_how": (
        "Make each movement as soon as it is shown.",
        "Machen Sie jede Bewegung, sobald sie gezeigt wird.",
        "看到动作后请立刻做。",
    ),
    "test.relax": ("Relax", "Locker lassen", "放松"),
    "test.hold": ("Hold it there", "Dort halten", "保持住"),
    "test.stop": ("End the test", "Test beenden", "结束测试"),
    "test.subject": ("Code of the person", "Code der Person", "人员编号"),
    "test.done": ("The test has ended", "Der Test ist zu Ende", "测试结束"),
    "test.saved": ("The result is in {path}", "Das Ergebnis steht in {path}", "结果保存在 {path}"),
    "test.no_decisions": (
        "Nothing is recognised yet: start a model first.",
        "Es wird noch nichts erkannt: Starten Sie zuerst ein Modell.",
        "还没有识别结果：请先启动模型。",
    ),
    "test.armed": (
        "The bridge is armed: these tests are for without the robot. Disarm it first.",
        "Die Brücke ist scharf: Diese Tests sind für ohne Roboter. Entschärfen Sie sie zuerst.",
        "机器人已启用：此测试不用机器人，请先停用。",
    ),
    "test.direction": ("Direction", "Richtung", "方向"),
    "test.up": ("up", "nach oben", "向上"),
    "test.down": ("down", "nach unten", "向下"),
    "test.left": ("left", "nach links", "向左"),
    "test.right": ("right", "nach rechts", "向右"),
    "test.none": ("not used", "nicht benutzt", "不用"),
    "test.throughput": ("Throughput", "Durchsatz", "吞吐量"),
    "test.completion": ("Targets reached", "Ziele erreicht", "到达的目标"),
    "test.efficiency": ("Path efficiency", "Wegeffizienz", "路径效率"),
    "test.overshoots": ("Overshoots a target", "Überschießen je Ziel", "每个目标的过冲次数"),
    "test.movement": ("Movement time", "Bewegungszeit", "移动时间"),
    "test.reaction": ("Reaction time", "Reaktionszeit", "反应时间"),
    "test.wrong": (
        "Wrong movements a minute",
        "Falsche Bewegungen je Minute",
        "每分钟错误动作",
    ),
    "test.false": (
        "Movements a minute of rest",
        "Bewegungen je Minute Ruhe",
        "每分钟休息中的误动作",
    ),
    "test.missed": ("Prompts not answered", "Nicht erfüllte Aufforderungen", "未完成的提示"),
}


def text(key: str, language: str, **values: object) -> str:
    """Return a text.

    Parameters
    ----------
    key : str
        Its name in this file.
    language : str
        One of :data:`LANGUAGES`; English for any other.
    **values : object
        What stands in braces in the text.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    order = list(LANGUAGES)
    return _TEXTS[key][order.index(language) if language in order else 0].format(**values)


def praise(number: int, language: str) -> str:
    """Return some praise without a number in it; it differs from one repetition to the next."""
    words = text("patient.praise", language).split("|")
    return words[number % len(words)]


def what_to_do(action: str, described: str, language: str) -> str:
    """Return what the wearer does.

    Parameters
    ----------
    action : str
        Name of the action.
    described : str
        Its text in the plan; empty for none. One that differs from the usual description is shown as it is.
    language : str
        One of :data:`LANGUAGES`.
    """
    known = f"action.{action}"
    if known in _TEXTS and described in ("", _DESCRIPTIONS[action]):
        return text(known, language)
    return described or action.replace("_", " ")
