"""Text files in the layouts of vendors and programs, with invented numbers."""

from __future__ import annotations

import json

import numpy as np


def signal(rows, channels, *, seed=0):
    """Return invented EMG in microvolts, rounded as files hold it."""
    return np.round(np.random.default_rng(seed).normal(0.0, 50.0, (rows, channels)), 4)


def number(value, decimal=".", digits=6):
    return f"{value:.{digits}f}".replace(".", decimal)


def joined(rows, delimiter=",", end="\n"):
    return "".join(delimiter.join(map(str, row)) + end for row in rows)


def discover(emg, rate=1259.2593, *, delimiter=",", decimal=".", acc=(0,), rates=None, shift=(), lines=()):
    """Return an export of Trigno Discover: a time for each column, slower columns end early, in mV.

    `acc` are the sensors with an accelerometer, `rates` unlike rates of sensors, `shift` their first times.
    """
    rates = rates or [rate] * emg.shape[1]
    names, hertz, period, sensors, modes, columns = [], [], [], [], [], []
    for k in range(emg.shape[1]):
        kinds = [("EMG 1", "mV", rates[k], emg[:, k] / 1000, shift[k] if shift else 0.0)]
        if k in acc:
            kinds += [(f"ACC {axis}", "G", 148.1481, np.full(len(emg) // 9, 0.01), 0.0) for axis in "XYZ"]
        sensors += [f"Avanti Sensor {k + 1} ({75920 + k})", *[""] * (2 * len(kinds) - 1)]
        modes += ["sensor mode: 65", *[""] * (2 * len(kinds) - 1)]
        for name, unit, hz, values, start in kinds:
            names += [f"{name} Time Series (s)", f"{name} ({unit})"]
            hertz += ["", f"{number(hz, decimal, 4)} Hz"]
            period += ["", f"{number(1 / hz, decimal)} s"]
            columns += [[number(start + i / hz, decimal) for i in range(len(values))]]
            columns += [[number(value, decimal, 9) for value in values]]
    rows = [[column[i] if i < len(column) else "" for column in columns] for i in range(len(emg))]
    head = [
        ["Application:", "Trigno Discover (1.7.0)"],
        *lines,
        ["Date/Time:", "3/5/2024 11:12:13 AM"],
        ["Collection Length (seconds):", number(len(emg) / rate, decimal, 2)],
    ]
    return joined([*head, sensors, modes, names, hertz, period, *rows], delimiter, "\r\n")


def emgworks(emg, rate=1925.926, *, acc=False, bracket=" "):
    """Return an export of EMGworks: a line for each channel, then ``X [s]`` beside each, in V."""
    channels = [
        (f"Trigno IM sensor {k + 1}: EMG {k + 1} (IM)", rate, emg[:, k] / 1e6) for k in range(emg.shape[1])
    ]
    if acc:
        channels.insert(1, ("Trigno IM sensor 1: ACC X 1 (IM)", 148.148, np.zeros(len(emg) // 13)))
    units = ["g" if "ACC" in name else "V" for name, _, _ in channels]
    text = "".join(
        f"Label: {name} Sampling frequency: {hz} Hz Unit: {unit} Domain: Time\r\n"
        for (name, hz, _), unit in zip(channels, units, strict=True)
    )
    text += "Système: Résumé – 5 µV\r\n\r\n"
    names = [
        cell
        for (name, _, _), unit in zip(channels, units, strict=True)
        for cell in (f"X{bracket}[s]", f"{name} [{unit}]")
    ]
    rows = []
    for i in range(len(emg)):
        row = []
        for _, hz, values in channels:
            row += [number(i / hz), number(values[i], ".", 10)] if i < len(values) else ["", ""]
        rows.append(row)
    return (text + joined([names, *rows], ",", "\r\n")).encode("cp1252")


def opensignals(emg, rate=1000, *, devices=1, sensors="EMG", other=()):
    """Return a file of OpenSignals: JSON in a comment, tabs, and one at each line's end; raw numbers."""
    width = emg.shape[1] // devices
    header, blocks = {}, []
    for d in range(devices):
        kinds = [sensors] * width + list(other)
        labels = [f"CH{k + 1}" for k in range(len(kinds))]
        header[f"00:07:80:00:00:0{d}"] = {
            "sensor": kinds,
            "column": ["nSeq", "DI", *labels],
            "channels": list(range(1, len(kinds) + 1)),
            "sampling rate": rate,
            "label": labels,
            "resolution": [16] * len(kinds),
        }
        part = emg[:, d * width : (d + 1) * width]
        blocks.append(
            [[i % 16, 0, *part[i].astype(int).tolist(), *[7] * len(other)] for i in range(len(emg))]
        )
    text = f"# OpenSignals Text File Format. Version 1\n# {json.dumps(header)}\n# EndOfHeader\n"
    return text + "".join(
        "\t".join(str(v) for block in blocks for v in block[i]) + "\t\n" for i in range(len(emg))
    )


def stamps(rows, rate, burst, start=1_700_000_000.0):
    """Return the times of rows that arrive in bursts, 0.4 ms apart within one."""
    i = np.arange(rows)
    return start + i // burst * burst / rate + i % burst * 0.0004


def openbci(emg, rate=250, *, header=True, burst=8, counter=None, times=None, old=False, board="Cyton"):
    """Return a file of the OpenBCI GUI: ``%`` lines, names with a space after the comma, in microvolts.

    `counter` and `times` are other counters and stamps. `old` is a version before 5: no names, and a clock
    and milliseconds at the end.
    """
    rows, channels = emg.shape
    counter = np.arange(rows) % 256 if counter is None else counter
    times = stamps(rows, rate, burst) if times is None else times
    text = (
        f"%OpenBCI Raw EXG Data\n%Number of channels = {channels}\n%Sample Rate = {rate} Hz\n"
        if header
        else ""
    )
    if old:
        text = text.replace("EXG", "EEG")
        text += (
            "%First Column = SampleIndex\n%Last Column = Timestamp\n%Other Columns = EEG data in microvolts\n"
        )
        return text + "".join(
            ", ".join(
                [
                    str(counter[i]),
                    *map(str, emg[i]),
                    "0.01",
                    "0.02",
                    "0.98",
                    f"10:00:{i / rate:06.3f}",
                    str(int(times[i] * 1000)),
                ]
            )
            + "\n"
            for i in range(rows)
        )
    text += f"%Board = OpenBCI_GUI$Board{board}Serial\n" if header else ""
    names = [
        "Sample Index",
        *(f"EXG Channel {k}" for k in range(channels)),
        "Accel Channel 0",
        "Not Used",
        "Not Used",
    ]
    names += ["Analog Channel 0", "Timestamp", "Marker Channel", "Timestamp (Formatted)"]
    text += ", ".join(names) + "\n"
    return text + "".join(
        ", ".join(
            [
                f"{counter[i]:.1f}",
                *map(str, emg[i]),
                "0.016",
                "192.0",
                "0.0",
                "0.0",
                f"{times[i]:.9f}",
                "0.0",
                f"2023-11-14 22:13:{i / rate:06.3f}",
            ]
        )
        + "\n"
        for i in range(rows)
    )


def brainflow(emg, markers, rate=250, *, delimiter="\t", width=24, burst=8):
    """Return a file that BrainFlow writes: no names; counter, EXG in microvolts, others, time, marker."""
    rows, channels = emg.shape
    times = stamps(rows, rate, burst)
    rest = [0.016, 0.474, 0.114, 192.0, *[0.0] * (width - channels - 7)]
    return joined(
        [[f"{v:.6f}" for v in (i % 256, *emg[i], *rest, times[i], markers[i])] for i in range(rows)],
        delimiter,
    )


def headed(emg, rate, head, *, delimiter=",", scale=1.0, time=1.0, before=(), between=(), after=()):
    """Return lines of a head, then rows of a time (None for no time) and the channels.

    `time` is per second, `scale` per microvolt. `before`, `between` (behind the time) and `after` are cells
    that every row has.
    """
    rows = []
    for i, values in enumerate(emg):
        cells = [] if time is None else [number(i / rate * time, digits=9)]
        cells += [*between, *(number(value * scale, digits=12) for value in values)]
        rows.append([*before, *cells, *after])
    return head + joined(rows, delimiter)


#: Heads of the exports of other programs with two channels.
NORAXON = (
    "Measurement,walk\nFrequency,2000 Hz\n"
    'Time (s),Activity,Marker,"Ultium EMG.LT BICEPS BR. (uV)","Ultium EMG.EMG 2 (uV)"\n'
)
BTS = (
    "BTS ASCII format\n\nType:  \tEMG tracks\nMeasure unit:\tV\n\nTracks:\t2\nFrequency:\t1000.000 Hz\n"
    "Frames:\t300\n\nFrame\tTime\tR.Biceps\tL.Triceps\n"
)
ACQKNOWLEDGE = (
    "fist.acq\n0.5 msec/sample\n2 channels\nEMG (30 - 500 Hz)\nmV\nEMG flexor\nmV\n"
    "min\tCH1\tCH2\t\n\t300\t300\t\n"
)
LABCHART = (
    "Interval=\t0.001 s\nExcelDateTime=\t4.5123e+004\t5/1/2023 10:11:12\nDateFormat=\t\n"
    "ChannelTitle=\tEMG 1\tEMG 2\nRange=\t10.000 mV\t10.000 mV\nUnitName=\tmV\tmV\n"
)
LABVIEW = (
    "LabVIEW Measurement\t\nSeparator\tTab\n***End_of_Header***\t\n\t\nChannels\t2\t\t\t\n"
    "Samples\t300\t300\t\t\nY_Unit_Label\tVolts\tVolts\t\nX0\t0.0\t0.0\t\nDelta_X\t0.001\t0.001\t\n"
    "***End_of_Header***\t\t\t\t\nX_Value\tEMG 1\tEMG 2\tComment\n"
)
SHIMMER = (
    '"sep=\t"\nS_Timestamp_Unix_CAL\tS_EMG_Status1_CAL\tS_EMG_CH1_CAL\tS_EMG_CH2_CAL\t\n'
    "ms\tno_units\tmV\tmV\t\n"
)
SHIMMER_BY_DEVICE = (
    "Shimmer_B663\tShimmer_B663\tShimmer_B663\tShimmer_B663\n"
    "Timestamp\tEMG Status1\tEMG CH1\tEMG CH2\nCAL\tRAW\tCAL\tCAL\nmSecs\tno units\tmVolts\tmVolts\n"
)
ACQKNOWLEDGE_TITLES = (
    "fist.acq\n0,5 msec/sample\n3 channels\nBiceps\nmV\nTriceps\nmV\nDigital input\nVolts\n"
    "milliseconds\tCH1\tCH2\tCH28\t\n\t300\t300\t300\t\n"
)
MYORESEARCH = (
    "TeleMyo 2400\nNumber of Channels:\t2\nSampling rate (Hz):\t1500\n\ntime,s\tBiceps L,uV\tTriceps L,uV\n"
)
VICON = "Devices\n1000\n,,Delsys EMG - Voltage,,\nFrame,Sub Frame,EMG 1,EMG 2\n,,V,V\n"
QUALISYS = "NO_OF_SAMPLES\t300\nFREQUENCY\t1500\nDESCRIPTION\t--\nCHANNEL_NAMES\tEMG_1\tEMG_2\n"


def others(emg):
    """Return exports of other programs with two channels, by name: content and rate (Hz)."""
    tab = {"delimiter": "\t"}
    times = [f"2023-05-01T10:11:{i / 500:06.3f}Z" for i in range(len(emg))]
    return {
        "noraxon": (headed(emg, 2000, NORAXON, between=("", "")), 2000),
        "bts": (headed(emg, 1000, BTS, scale=1e-6, before=(1,), **tab), 1000),
        "acqknowledge": (headed(emg, 2000, ACQKNOWLEDGE, scale=1e-3, time=1 / 60, after=("",), **tab), 2000),
        "labchart": (headed(emg, 1000, LABCHART, scale=1e-3, **tab), 1000),
        "labview": (headed(emg, 1000, LABVIEW, scale=1e-6, after=("",), **tab), 1000),
        "shimmer_by_device": (
            headed(emg, 512, SHIMMER_BY_DEVICE, scale=1e-3, time=1000, between=(128,), **tab),
            512,
        ),
        "acqknowledge_titles": (
            headed(emg, 2000, ACQKNOWLEDGE_TITLES, scale=1e-3, time=1000, after=(0.0, ""), **tab).replace(
                ".", ","
            ),
            2000,
        ),
        "myoresearch": (headed(emg, 1500, MYORESEARCH, **tab), 1500),
        "german_date": (
            joined(
                [
                    ["Datum/Zeit", "EMG1 (uV)", "EMG2 (uV)"],
                    *(
                        [f"12.03.2024 23:59:{59.8 + i / 500:06.3f}", *row]
                        if i < 100
                        else [f"13.03.2024 00:00:{i / 500 - 0.2:06.3f}", *row]
                        for i, row in enumerate(emg)
                    ),
                ],
                ";",
            ).replace(".", ","),
            500,
        ),
        "time_in_ms": (headed(emg, 500, "t_ms,emg1_uV,emg2_uV\n", time=1000), 500),
        "shimmer": (
            headed(emg, 512, SHIMMER, scale=1e-3, time=1000, between=(128,), after=("",), **tab),
            512,
        ),
        "vicon": (headed(emg, 1000, VICON, scale=1e-6, time=None, before=(1, 0)), 1000),
        "chinese": (
            headed(emg, 1000, "采样率：1000\n时间,肌电1(mV),肌电2(mV)\n", scale=1e-3).encode("gb18030"),
            1000,
        ),
        "slashes": (headed(emg, 1000, "Time/s,EMG1/mV,EMG2/mV\n", scale=1e-3), 1000),
        "iso": (
            joined(
                [
                    ["datetime", "emg_1_uV", "emg_2_uV"],
                    *([t, *row] for t, row in zip(times, emg, strict=True)),
                ]
            ),
            500,
        ),
    }
