"""OTB+ files, made as the maker's public loaders read them."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest

from emg_recognition.errors import RecordingError

DEVICE = """<?xml version="1.0"?>
<Device Name="Quattrocento" SampleFrequency="2048" DeviceTotalChannels="{total}" ad_bits="{bits}">
 <Channels>
  <Adapter ID="Due" Gain="150" AdapterIndex="0" ChannelStartIndex="0">
   <Channel Index="0" ID="HD10MM0804" Prefix="MULTIPLE IN 1" Muscle="Biceps"/>
   <Channel Index="1" ID="HD10MM0804" Prefix="MULTIPLE IN 1" Muscle="Biceps"/>
  </Adapter>
  <Adapter ID="AdapterControl" Gain="1" AdapterIndex="1" ChannelStartIndex="2">
   <Channel Index="0" ID="Ramp" Prefix=""/>
  </Adapter>
 </Channels>
</Device>"""


def write(path, counts, *, total=3, bits=16, names=("a1",), extra=(), device=DEVICE):
    with tarfile.open(path, "w") as archive:
        for name in names:
            for member, content in (
                (f"{name}.xml", device.format(total=total, bits=bits).encode()),
                (f"{name}.sig", counts.astype("<i2").tobytes()),
            ):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        for member in extra:
            archive.addfile(tarfile.TarInfo(member))
    return path


def test_counts_of_the_emg_channels_with_the_label_of_the_name(tmp_path, counts, opened):
    (tmp_path / "anna").mkdir()
    for number in (1, 2):
        write(tmp_path / "anna" / f"fist_{number}.otb+", counts, extra=["../../escape", "marker.tmp"])
    found = opened(tmp_path)
    assert (found.rate, found.unit, found.channels) == (2048.0, "count", 2)
    assert found.label.tolist() == ["fist", "fist"]
    assert (found.repetition.tolist(), found.subjects) == ([1, 2], ("anna",))
    np.testing.assert_array_equal(found.segment(0), counts[:, :2].astype(np.float32))
    assert not (tmp_path.parent / "escape").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bits": 24}, r"it has 24-bit samples; export it as \.mat or \.csv"),
        ({"total": 2}, "it has 2 channels and describes 3"),
        ({"names": ("a", "b")}, r"it has 2 signals of a\.sig, b\.sig; name one: stream"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, counts, opened, changes, said):
    with pytest.raises(RecordingError, match=said):
        opened(write(tmp_path / "fist_1.otb+", counts, **changes))


def test_channels_that_are_not_described_are_not_emg(tmp_path, counts, opened):
    device = DEVICE.replace('ChannelStartIndex="0"', 'ChannelStartIndex="1"')
    device = device.replace('   <Channel Index="0" ID="Ramp" Prefix=""/>', "")
    found = opened(write(tmp_path / "fist_1.otb+", counts, device=device))
    np.testing.assert_array_equal(found.segment(0), counts[:, 1:].astype(np.float32))
