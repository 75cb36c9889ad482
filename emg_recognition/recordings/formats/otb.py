"""OTB+ files of OT Bioelettronica: a tar archive with signals (``.sig``) and their description (``.xml``).

They carry no labels, so the name of the file, or a description of the files, tells them. The samples stay
counts: the voltage of the converter (3.3 V in the maker's loader) stands nowhere in the file.

Source: the public loaders of the maker, OpenOTBFiles (16-bit samples, interleaved, little-endian).
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from emg_recognition.recordings.formats.labels import labels_of
from emg_recognition.recordings.formats.take import FormatError, Take, Wanted, checked_rate, choose, in_unit

LIBRARY = ""
_LARGEST_XML = 4 << 20
#: Adapters that hold something else than EMG.
_OTHER = ("acc", "gyro", "quat", "control", "imu", "ramp", "buffer", "load")


def read(path: Path, wanted: Wanted) -> list[Take]:
    """Read a file. Nothing is unpacked to the disk.

    Raises
    ------
    FormatError
        If its signals cannot be used.
    """
    with tarfile.open(path, "r:") as archive:
        members = {Path(one.name).name: one for one in archive.getmembers() if one.isfile()}
        signals = sorted(name for name in members if name.endswith(".sig"))
        if wanted.stream:
            signals = [name for name in signals if wanted.stream in (name, name.removesuffix(".sig"))]
        if len(signals) != 1:
            known = ", ".join(name for name in members if name.endswith(".sig"))
            raise FormatError(
                f"it has {len(signals)} signals of {known or 'none'}",
                "name one: stream in a description, or --namespace",
            )
        described = members.get(signals[0].removesuffix(".sig") + ".xml")
        if described is None or described.size > _LARGEST_XML:
            raise FormatError(f"it has no description of {signals[0]}", "save it again in OTBioLab+")
        root = ElementTree.fromstring(_content(archive, described))
        raw = _content(archive, members[signals[0]])
    device = root if root.tag == "Device" else root.find(".//Device")
    if device is None:
        raise FormatError("its description names no device", "save it again in OTBioLab+")
    bits = int(device.get("ad_bits", "16"))
    if bits != 16:
        raise FormatError(f"it has {bits}-bit samples", "export it as .mat or .csv in OTBioLab+")
    described_channels = _channels(device)
    total = int(device.get("DeviceTotalChannels", len(described_channels)))
    if not 0 < total <= len(raw) // 2 or any(not 0 <= place < total for place in described_channels):
        raise FormatError(
            f"it has {total} channels and describes {len(described_channels)}", "save it again in OTBioLab+"
        )
    names, types = zip(
        *(described_channels.get(i, (f"channel {i + 1}", "other")) for i in range(total)), strict=True
    )
    samples = np.frombuffer(raw, "<i2", len(raw) // (2 * total) * total).reshape(-1, total)
    chosen = choose(names, wanted, types=types)
    rate = checked_rate(float(device.get("SampleFrequency", "0")), wanted)
    values, unit = in_unit((samples[:, i] for i in chosen), [""] * len(chosen), wanted, len(samples))
    spans = labels_of((), rate, len(values), wanted, names=names, values=lambda i: samples[:, i])
    return [Take(values, rate, unit, spans, channels=tuple(names[i] for i in chosen))]


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # only plain files come here
    return file.read()


def _channels(device: ElementTree.Element) -> dict[int, tuple[str, str]]:
    """Return name and type of each described channel by its place in the samples."""
    found: dict[int, tuple[str, str]] = {}
    for adapter in device.iter("Adapter"):
        kind = adapter.get("ID", "")
        start = int(adapter.get("ChannelStartIndex", "0"))
        other = any(word in kind.lower() for word in _OTHER)
        for channel in adapter.iter("Channel"):
            place = start + int(channel.get("Index", "0"))
            text = " ".join(filter(None, (channel.get("Prefix", ""), channel.get("ID", ""))))
            found[place] = (f"{text or 'channel'} {place + 1}", "other" if other else "EMG")
    return found
