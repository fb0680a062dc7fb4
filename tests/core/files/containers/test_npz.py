from __future__ import annotations

import contextlib
import io
import os
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.files.containers import array_header, bounds, npz, opening
from core.files.containers.npz import check_written, npy_header, npz_has, npz_headers, read_npy, read_npz
from core.files.containers.opening import checksum
from core.files.containers.pickles import read_pickle
from core.files.containers.torch_files import is_torch
from tests.core.files.hostile import CreatesFile, hostile_pickle


def header_bytes(shape, descr="<f4", fortran=False):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"shape": shape, "descr": descr, "fortran_order": fortran})
    return out.getvalue()


def zip_of(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_reads_numbers_booleans_and_text(save):
    arrays = {
        "a": np.arange(6, dtype=np.float16).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "b": np.array([True, False]),
        "t": np.array(["ä", "bc"]),
        "s": np.array(b"male"),
        "empty": np.zeros((0, 3)),
        "scalar": np.array(3),
    }
    found = read_npz(save(arrays))
    assert found.keys() == arrays.keys()
    for key, array in arrays.items():
        np.testing.assert_array_equal(found[key], array)
        assert found[key].shape == array.shape
        assert found[key].dtype == array.dtype


def test_other_byte_order_becomes_native(save):
    found = read_npz(save({"a": np.arange(3, dtype=">f8")}))["a"]
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, [0, 1, 2])


def test_a_thread_that_disturbs_the_parser_spoils_nothing(save, monkeypatch):
    original, calls = array_header._parsed_header, []

    def disturbed(file):
        found = original(file)
        calls.append(file)
        if len(calls) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=9, after=7)")
        return found

    monkeypatch.setattr(array_header, "_parsed_header", disturbed)
    values = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(read_npz(save({"values": values}))["values"], values)
    assert len(calls) == 3
    monkeypatch.setattr(array_header, "_TRIES", 2)
    calls.clear()
    with pytest.raises(FileError, match="header"):
        read_npz(save({"values": values}))


def npy(tmp_path, text, data=b""):
    header = text.encode() + b"\n"
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)
    return path


@pytest.mark.parametrize(
    ("descr", "shape"),
    [("<U0", (5,)), ("|S0", (5, 322)), ("<f4", (1 << 32, 0, 1 << 32)), ("<f4", (1,) * 33), ("<f4", ((1,),))],
)
def test_shapes_and_types_that_cannot_be(tmp_path, refuses, descr, shape):
    path = npy(tmp_path, f"{{'descr': {descr!r}, 'fortran_order': True, 'shape': {shape!r}, }}")
    refuses(read_npy, path)
    packed = zip_of(tmp_path / "a.npz", {"a.npy": path.read_bytes(), "b.npy": header_bytes((0,))})
    refuses(read_npz, packed, ["a"])


def test_texts_of_no_length(save):
    assert read_npz(save({"a": np.array("", "U0"), "b": np.zeros(3, "S")})).keys() >= {"a"}


@pytest.mark.filterwarnings("error")
def test_headers_of_python_2_are_read_without_a_warning(tmp_path):
    path = npy(tmp_path, "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 1L), }", bytes(12))
    assert npy_header(path).shape == (3, 1)
    assert read_npy(path).shape == (3, 1)


def test_names_of_any_script(save):
    path = save({"关节": np.ones(2)}, "Bewegung – 动作 é.npz")
    assert list(read_npz(path)) == ["关节"]


def test_wanted_keys_only_and_missing_ones_left_out(save):
    assert read_npz(save({"a": np.ones(1), "b": np.ones(1)}), ["a", "c"]).keys() == {"a"}


def test_headers_without_data(save):
    headers = npz_headers(save({"a": np.zeros((4, 3), np.float16), "o": np.array([None])}))
    assert headers["a"].shape == (4, 3)
    assert headers["a"].plain
    assert not headers["o"].plain


def test_object_arrays_are_skipped_unless_asked_for(save, refuses, tmp_path):
    marker = tmp_path / "created"
    path = save({"a": np.ones(1), "o": np.array([CreatesFile(marker)], dtype=object)})
    assert read_npz(path).keys() == {"a"}
    assert "'o' holds pickled Python objects" in refuses(read_npz, path, ["o"])
    assert not marker.exists()


def test_structured_arrays_are_not_plain(save, refuses):
    path = save({"r": np.zeros(2, dtype=[("x", "f4")]), "a": np.ones(1)})
    assert read_npz(path).keys() == {"a"}
    assert "expected plain numbers" in refuses(read_npz, path, ["r"])


@pytest.mark.parametrize("reader", [read_npz, read_npy, npz_headers, checksum])
def test_missing_folder_and_unreadable(reader, tmp_path, refuses):
    assert "no such file" in refuses(reader, tmp_path / "none.npz")
    assert "is a folder" in refuses(reader, tmp_path)
    blocker = tmp_path / "file"
    blocker.write_bytes(b"x")
    assert "no such file" in refuses(reader, blocker / "below.npz")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "not a regular file" in refuses(reader, fifo)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(save, refuses):
    path = save({"a": np.ones(1)})
    path.chmod(0)
    assert "permission denied" in refuses(read_npz, path)


def test_permission_error_is_a_sentence(save, refuses, monkeypatch):
    path = save({"a": np.ones(1)})

    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("core.files.containers.opening._without_waiting", denied)
    assert "permission denied" in refuses(read_npz, path)


def test_a_path_with_a_zero_byte(refuses):
    with pytest.raises(FileError):
        read_npz("a\0b.npz")


@pytest.mark.parametrize("data", [b"", b"P", b"PK", b"PK\x03\x04 not really", b"hello", b"\x93NUMPY"])
def test_not_an_archive(save, refuses, data):
    refuses(read_npz, save(data))
    refuses(npz_headers, save(data))


def test_a_zip_without_arrays(tmp_path, refuses):
    assert "without NumPy arrays" in refuses(read_npz, zip_of(tmp_path / "a.npz", {"readme.txt": b"x"}))


def test_truncated_archive_at_every_length(save, refuses):
    whole = save({"a": np.arange(30.0), "b": np.ones(3)}).read_bytes()
    for length in range(0, len(whole) - 1, 7):
        refuses(read_npz, save(whole[:length], "cut.npz"))


def test_flipped_data_bytes_fail_the_checksum(tmp_path, refuses):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.zeros(1000))
    data = bytearray(path.read_bytes())
    data[2000] ^= 255
    path.write_bytes(data)
    assert "'a' is damaged" in refuses(read_npz, path)


def test_a_header_that_promises_more_than_there_is(tmp_path, refuses):
    member = header_bytes((10**9, 10**3)) + b"\0" * 16
    path = zip_of(tmp_path / "bomb.npz", {"a.npy": member}, zipfile.ZIP_DEFLATED)
    assert "'a' needs more memory" in refuses(read_npz, path)
    path = zip_of(tmp_path / "short.npz", {"a.npy": header_bytes((100,)) + b"\0" * 16})
    assert "'a' is cut short" in refuses(read_npz, path)


def test_a_directory_that_lies_about_the_size(tmp_path, refuses):
    member = header_bytes((1 << 28,)) + b"\0" * 64
    path = zip_of(tmp_path / "lie.npz", {"a.npy": member})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = (2**30 + 200).to_bytes(4, "little") * 2
    path.write_bytes(data)
    refuses(read_npz, path)


def test_total_memory_is_bounded(save, refuses, monkeypatch):
    path = save({"a": np.ones(100), "b": np.ones(100)})
    monkeypatch.setattr(bounds, "MAX_BYTES", 1000)
    assert "memory" in refuses(read_npz, path)
    assert read_npz(path, ["a"])["a"].size == 100


def test_high_compression_is_fine_where_the_sizes_are_true(tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, a=np.zeros(10**6))
    assert read_npz(path)["a"].sum() == 0


@pytest.mark.parametrize("shape", [(-1,), (2**70,), (0, 2**70), (1,) * 40, (True,), "abc", (1.5,)])
def test_impossible_shapes(tmp_path, refuses, shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 64
    path = zip_of(tmp_path / "a.npz", {"a.npy": member})
    refuses(read_npz, path)


@pytest.mark.parametrize(
    "descr", ["'|O'", "'<f4,<f4'", "'nonsense'", "[('a','|O')]", "'<M8[s]'", "'V8'", "None"]
)
def test_odd_types(tmp_path, refuses, descr):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 64
    refuses(read_npz, zip_of(tmp_path / "a.npz", {"a.npy": member}), ["a"])


def test_other_compressions_are_refused(tmp_path, refuses):
    member = header_bytes((1,)) + b"\0" * 4
    path = zip_of(tmp_path / "a.npz", {"a.npy": member}, zipfile.ZIP_LZMA)
    assert "compressed" in refuses(read_npz, path)


def test_npy(save, refuses, tmp_path):
    out = io.BytesIO()
    np.save(out, np.arange(5))
    np.testing.assert_array_equal(read_npy(save(out.getvalue(), "a.npy")), np.arange(5))
    assert "cut short" in refuses(read_npy, save(out.getvalue()[:-3], "b.npy"))
    marker = tmp_path / "created"
    assert "not a NumPy" in refuses(read_npy, save(hostile_pickle(marker), "c.npy"))
    objects = io.BytesIO()
    np.save(objects, np.array([CreatesFile(marker)], dtype=object), allow_pickle=True)
    assert "never opened" in refuses(read_npy, save(objects.getvalue(), "d.npy"))
    assert not marker.exists()


def test_checksum(save):
    path = save(b"abc", "x")
    assert checksum(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 600), value=st.integers(0, 255), cut=st.integers(0, 700))
def test_only_file_errors_come_out(tmp_path, at, value, cut):
    path = tmp_path / "fuzz.npz"
    np.savez(path, a=np.arange(4.0), b=np.array("text"))
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    path.write_bytes(data[: max(4, len(data) - cut // 7)])
    for reader in (read_npz, npz_headers):
        with contextlib.suppress(FileError):
            reader(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes(tmp_path, data, magic):
    path = tmp_path / "fuzz.npy"
    path.write_bytes((b"\x93NUMPY\x01\x00" if magic else b"") + data)
    with contextlib.suppress(FileError):
        read_npy(path)


def test_zlib_error_is_a_sentence(tmp_path, refuses):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).normal(size=500))
    data = bytearray(path.read_bytes())
    data[300:340] = b"\xff" * 40
    path.write_bytes(data)
    refuses(read_npz, path)


def test_text_with_characters_that_there_are_not(save, refuses):
    whole = np.array("male")
    out = io.BytesIO()
    np.save(out, whole)
    data = out.getvalue()
    broken = data[:-4] + b"\xff\xff\xff\x7f"
    assert "not valid Unicode" in refuses(read_npy, save(broken, "t.npy"))
    damaged = pickle.dumps(whole, 4).replace(whole.tobytes(), whole.tobytes()[:-4] + b"\xff\xff\xff\x7f")
    assert "not valid Unicode" in refuses(read_pickle, save(damaged, "t.pkl"))


def test_a_file_that_is_kept_open_is_opened_and_looked_into_once(tmp_path, save, monkeypatch):
    path, other = save({"a": np.arange(3), "b": np.ones(2)}), save({"a": np.arange(9)}, "other.npz")
    opened, parsed = [], []
    really, reads = opening._opened, zipfile.ZipFile._RealGetContents
    monkeypatch.setattr(opening, "_opened", lambda path: opened.append(path) or really(path))
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", lambda self: parsed.append(1) or reads(self))
    before = checksum(path)
    with opening.kept_open(path):
        with opening.kept_open(path):
            assert not is_torch(path)
            assert list(npz_headers(path)) == ["a", "b"]
        # Whatever has its name meanwhile, it is one file that is read.
        os.replace(other, path)
        assert read_npz(path, ["a"])["a"].tolist() == [0, 1, 2]
        assert npz_has(path, "b")
        assert checksum(path) == before
        assert len(npz_headers(path)) == 2
        with opening.open_to_read(path) as first, opening.open_to_read(path) as second:
            assert first.read(2) == second.read(2) == b"PK"
            assert first is not second
    assert (len(opened), len(parsed)) == (3, 1)  # before, for all of it, and beside one that was in use
    assert read_npz(path)["a"].shape == (9,)
    # What cannot be opened is told each time.
    with opening.kept_open(tmp_path / "nowhere"):
        for _ in range(2):
            with pytest.raises(FileError, match="no such file"):
                checksum(tmp_path / "nowhere")


def test_what_was_written_is_compared_byte_by_byte(tmp_path):
    arrays = {"a": np.arange(2000.0), "t": np.array("words"), "none": np.zeros((0, 3))}
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    check_written(path, arrays)
    data, found = path.read_bytes(), []
    with zipfile.ZipFile(path) as archive:
        inside = [(info.header_offset + 60, info.header_offset + 60 + info.compress_size - 20)
                  for info in archive.infolist()]  # fmt: skip
    for first, last in inside:
        for at in range(first, last, max(1, (last - first) // 20)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
            with pytest.raises(FileError) as refused:
                check_written(path, arrays)
            found.append(refused.value.key)
    assert set(found) == {"a", "t", "none"}
    for length in (0, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(FileError):
            check_written(path, arrays)
    path.write_bytes(data)
    with pytest.raises(FileError, match="does not hold"):
        check_written(path, arrays | {"more": np.zeros(1)})


def test_what_is_written_is_compared_whatever_its_length(tmp_path, monkeypatch):
    """Much packed into little: the last bytes come out once all that is packed has been taken in."""
    monkeypatch.setattr(npz, "_CHUNK", 4096)
    path = tmp_path / "a.npz"
    for length in range(2 * 4096 - 128, 2 * 4096 + 132):
        arrays = {"a": np.zeros(length, np.uint8)}
        np.savez_compressed(path, **arrays)
        check_written(path, arrays)


def test_bytes_that_end_too_early_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "_CHUNK", 4096)
    path, arrays = tmp_path / "a.npz", {"a": np.arange(4000)}
    np.savez_compressed(path, **arrays)
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    data = path.read_bytes()
    name, more = (int.from_bytes(data[info.header_offset + at :][:2], "little") for at in (26, 28))
    begin = info.header_offset + 30 + name + more
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    ends = packer.compress(bytes(10_000)) + packer.flush()
    assert len(ends) < info.compress_size
    path.write_bytes(data[:begin] + ends + data[begin + len(ends) :])
    with pytest.raises(FileError, match="damaged"):
        check_written(path, arrays)


@pytest.mark.parametrize(
    ("name", "said"), [("a.npz", ".npz"), ("a.refit", ".refit"), ("a.SMPL", ".smpl"), ("a", ".npz")]
)
def test_a_damaged_one_is_called_by_its_ending(tmp_path, refuses, name, said):
    whole = io.BytesIO()
    np.savez(whole, a=np.arange(50))
    path = tmp_path / name
    path.write_bytes(whole.getvalue()[:-30])
    for reader in (read_npz, npz_headers):
        assert f"is a damaged or incomplete {said} file" in refuses(reader, path)
