"""Names that vendors and people give to columns; a unit in brackets has been taken off."""

from __future__ import annotations

import re

from emg_recognition.recordings.file_names import WORDS


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


TIME = _words(
    r"^time\b(?!.*format)", r"^time[ _-]?(stamps?|s|ms|us|sec|seconds?)?$", r"time series",
    r"^x ?\[m?s\]$", r"^x[ _]value$", r"^t$", r"^t[ _-]?(s|ms|us|sec|msec)$",
    r"^(date|datum|data|fecha)[ _/-]*(time|zeit|uhrzeit|heure|hora|ora)\b",
    r"^(m?sec|(milli)?seconds|min|minutes)$",
    r"timestamp(?!.*format)", r"time[ _]?stamp$", r"^(zeit|uhrzeit|temps|tiempo|tempo|tijd|elapsed)",
    "時間|时间|время",
)  # fmt: skip
COUNTER = _words(
    r"^(sample|packet|package|frame|block)[ _-]?(index|no|nr|number|num|counter|count|id|#)?$",
    r"^n?seq(uence)?([ _-]?(no|nr|number|num))?$", r"^(counter|index|idx|#)$",
)  # fmt: skip
#: Names by which a column is taken for a counter although the description does not name it.
SURE_COUNTER = _words(
    r"^sample ?index$", r"^nseq$", r"^(packet|package)[ _-]?(index|number|num|counter|count|id)$"
)
MARKER = _words(r"\b(marker|trigger|event)s?\b")
LABEL = _words(
    rf"\b({WORDS['label']}|annotation|activity|exercise|target|restimulus|stimulus|phase)",
    "geste|bewegung|klasse|clase|etiqueta|мышц|метка|标签|ラベル",
)  # fmt: skip
ROLE_COLUMNS = {
    role: _words(rf"^(re)?({WORDS[role]})([ _-]?(id|no|nr|number))?$")
    for role in ("repetition", "subject", "session")
}
EMG = _words(r"emg", r"\bexg\b", r"^eeg channel", r"electromyo", "筋電|肌电|эмг")
CHANNEL = _words(r"^(ch|chan|channel|sensor|electrode|elec|kanal|canal|voie|e|s)[ _.-]?[0-9]+$")
OTHER = _words(
    r"\b(acc|accel|acceler\w*|gyr|gyro\w*|mag|magnet\w*|imu|quat\w*|orient\w*|temp\w*|batt\w*|press\w*|force|torque)\b",
    r"\b(angle|gonio\w*|ecg|ekg|eda|gsr|resp\w*|spo2|ppg|digital|analog|not used|unused|other|aux\w*|fsr)\b",
    r"\b(rssi|sync|date|di|do|video|di[0-9]|io[0-9]|formatted|status|contact|impedance|pitch|roll|yaw)\b",
    r"^(acc|gyro?|mag|quat|imu)[ _.-]?[xyzw0-9]", r"rms|envelope|mean|median freq",
)  # fmt: skip
