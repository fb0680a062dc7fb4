"""joblib's files: those that joblib 1.6 wrote, those written in its layout, and those that are neither."""

from __future__ import annotations

import base64
import collections
import contextlib
import pickle
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.files.containers import bounds
from core.files.containers.joblib_files import read_any_pickle
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.hostile import CreatesFile

# Written by joblib 1.6.0; what is in them is in `contents`.
PLAIN = (
    "gASVFQEAAAAAAACMC2NvbGxlY3Rpb25zlIwLZGVmYXVsdGRpY3SUk5SMCGJ1aWx0aW5zlIwEZGljdJSTlIWUUpRLAH2UKIwE"
    "cG9zZZSME2pvYmxpYi5udW1weV9waWNrbGWUjBFOdW1weUFycmF5V3JhcHBlcpSTlCmBlH2UKIwIc3ViY2xhc3OUjAVudW1w"
    "eZSMB25kYXJyYXmUk5SMBXNoYXBllEsCSwOGlIwFb3JkZXKUjAFDlIwFZHR5cGWUaBCMBWR0eXBllJOUjAJmNJSJiIeUUpQo"
    "SwOMATyUTk5OSv////9K/////0sAdJRijAphbGxvd19tbWFwlIiMG251bXB5X2FycmF5X2FsaWdubWVudF9ieXRlc5RLEHVi"
    "D////////////////////wAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQJVLAAAAAAAAAIwDaWRzlGgMKYGUfZQoaA9oEmgTSwKF"
    "lGgVaBZoF2gZjAJpOJSJiIeUUpQoSwNoHU5OTkr/////Sv////9LAHSUYmgfiGggSxB1YgP///8EAAAAAAAAAAUAAAAAAAAA"
    "lVIAAAAAAAAAjAZ0dXJuZWSUaAwpgZR9lChoD2gSaBNLAksChpRoFYwBRpRoF2gZjAJmOJSJiIeUUpQoSwNoHU5OTkr/////"
    "Sv////9LAHSUYmgfiGggSxB1YgT/////AAAAAAAA8D8AAAAAAAAIQAAAAAAAAABAAAAAAAAAEEB1cy4="
)
PACKED = (
    "eF6NkD1LA0EQhpO7iwYjJBqiiIiWsbGysBCMCBYupEhjeex9xF3d3B23e8gVQiwSI2znpPcn+g909u6CQhpf9nNmZ56ZnTrL"
    "Xr1WSLf8WIjQVzyOJOhWEI5pJlTAfQUfoJtexoXixuVUthmMgNReoK+dJJYh6O5j7AnunUXZJMndhPtPAq07Q3O9TlOa36c0"
    "ScIU852+gglsyszzBZWYtVFEgd6MAmreGmhDMpqEQCxiz/EWpwEG6/oNngOVo4d1Vid8bY3P4X3xhlX1ia3rlzAcDu++UcVC"
    "ago8vUWFiJ/dyYQmsNCHZaUFz6WCP0STMFKul6tQAulkXttE/lH5VdMrXAY4cE5xfg6WpPTUtM0DCWy77I+12S7rEmsGrMf2"
    "2D470Ba/+C2SHa2XyI4X7MSwbeQ6VdpGtS9HK86GytIoDNZQxJojTNdvocSN/4tzTJtl9i/TH6qJvRWq9s4gk2c/XiHSCw=="
)


def contents() -> dict[Any, Any]:
    """What is in the two files above."""
    held: dict[Any, Any] = collections.defaultdict(dict)
    held[0]["pose"] = np.arange(6, dtype=np.float32).reshape(2, 3)
    held[0]["ids"] = np.array([4, 5])
    held[0]["turned"] = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])
    return held


@pytest.mark.parametrize("written", [PLAIN, PACKED], ids=["plain", "zlib"])
def test_what_joblib_wrote(save: Callable[..., Path], written: str) -> None:
    found = read_any_pickle(save(base64.b64decode(written), "joblib.pkl"))
    assert type(found) is dict
    for key, array in contents()[0].items():
        assert found[0][key].dtype == array.dtype
        assert np.array_equal(found[0][key], array)
    assert "joblib" not in sys.modules


def test_the_writer_of_these_tests_writes_the_same() -> None:
    assert joblib_bytes(contents()) == base64.b64decode(PLAIN)


@pytest.mark.parametrize("compress", ["", "zlib", "gzip"])
@pytest.mark.parametrize(("protocol", "aligned"), [(2, False), (3, False), (4, True), (5, True)])
def test_every_layout(save: Callable[..., Path], compress: str, protocol: int, aligned: bool) -> None:
    held = {
        "empty": np.zeros((0, 3)),
        "one": np.array(5),
        "big-endian": np.array([1, 2], ">f4"),
        "words": np.array(["ab", "c"]),
        "objects": np.array([{"inner": np.ones(3)}, None], dtype=object),
        "long": np.arange(70_000, dtype=np.int32),
        "scalar": np.float32(3),
        "list": [np.arange(4), "text", b"bytes", (1, 2)],
    }
    data = joblib_bytes(held, compress, protocol=protocol, aligned=aligned)
    found = read_any_pickle(save(data, "a.pkl"))
    assert found["empty"].shape == (0, 3)
    assert (found["one"], found["scalar"]) == (5, 3)
    assert found["big-endian"].tolist() == [1, 2]
    assert found["words"].tolist() == ["ab", "c"]
    assert found["objects"][0]["inner"].tolist() == [1, 1, 1]
    assert np.array_equal(found["long"], held["long"])
    assert found["list"][0].tolist() == [0, 1, 2, 3]
    assert found["list"][1:] == ["text", b"bytes", (1, 2)]


def test_a_plain_pickle_is_read_too(save: Callable[..., Path]) -> None:
    assert read_any_pickle(save(pickle.dumps({"a": 1}), "a.pkl")) == {"a": 1}
    assert read_any_pickle(save(zlib.compress(pickle.dumps({"a": 1})), "a.pkl")) == {"a": 1}


@pytest.mark.parametrize("compress", ["", "zlib", "gzip"])
def test_nothing_in_it_runs(
    save: Callable[..., Path], refuses: Callable[..., str], tmp_path: Path, compress: str
) -> None:
    marker = tmp_path / "created"
    evil = CreatesFile(marker)
    for held in (
        {"a": np.zeros(3), "b": evil},
        [np.zeros(3), [evil]],
        {"a": np.array([evil], dtype=object)},
        {"a": np.array([{"deep": np.array([evil], dtype=object)}], dtype=object)},
    ):
        message = refuses(read_any_pickle, save(joblib_bytes(held, compress), "evil.pkl"))
        assert "asks for 'posix.mkdir', which is never opened" in message or "nt.mkdir" in message
    assert not marker.exists()


def test_operations_that_reach_outside_are_refused(
    save: Callable[..., Path], refuses: Callable[..., str]
) -> None:
    name = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n0"
    for operation in (b"Pa\n", b"I1\nQ", b"\x82\x01", b"\x97", b"\x98"):
        assert "outside itself" in refuses(read_any_pickle, save(name + operation + b".", "a.pkl"))


@pytest.mark.parametrize("compress", ["", "zlib", "gzip"])
def test_cut_short(save: Callable[..., Path], refuses: Callable[..., str], compress: str) -> None:
    data = joblib_bytes(contents(), compress)
    for length in range(3, len(data) - 1, 7):
        with contextlib.suppress(FileError):
            read_any_pickle(save(data[:length], "cut.pkl"))
    refuses(read_any_pickle, save(data[: len(data) - 20], "cut.pkl"))


def test_claims_take_no_memory(
    save: Callable[..., Path], refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = joblib_bytes({"a": np.zeros((2, 3), np.float32)}, aligned=False)
    claimed = data.replace(b"K\x02K\x03\x86", b"J\xff\xff\xff\x0fJ\xff\xff\xff\x07\x86")
    claimed = b"\x80\x04" + claimed[11:]  # without the frame, whose length is another now
    assert claimed != data
    assert "needs more memory" in refuses(read_any_pickle, save(claimed, "a.pkl"))
    bytearray8 = (
        b"\x80\x05cjoblib.numpy_pickle\nNumpyArrayWrapper\n0\x96" + (1 << 60).to_bytes(8, "little") + b"."
    )
    refuses(read_any_pickle, save(bytearray8, "a.pkl"))
    monkeypatch.setattr(bounds, "SHARE", 1 << 20)
    bomb = joblib_bytes({"a": np.zeros(1 << 20)}, "zlib")
    assert len(bomb) < 1 << 15
    assert "needs more memory" in refuses(read_any_pickle, save(bomb, "bomb.pkl"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 562), st.binary(min_size=1, max_size=6), st.booleans())
def test_only_file_errors_come_out(tmp_path: Path, at: int, patch: bytes, packed: bool) -> None:
    data = bytearray(base64.b64decode(PLAIN))
    data[at : at + len(patch)] = patch
    path = tmp_path / "fuzz.pkl"
    path.write_bytes(zlib.compress(bytes(data)) if packed else bytes(data))
    with contextlib.suppress(FileError):
        read_any_pickle(path)
