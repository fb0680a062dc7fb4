"""Who is in a file, who of them are together, and at which of their frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.files.motions.load_motion import Company, Person, company_of, load_motion
from core.model.motion import Reading
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.examples import bedlam, wham


def names(company: Company) -> list[str | None]:
    return [person.name for person, _ in company.beside]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    people = wham((0, 2, 5, 7), frames=5)
    people[2]["frame_ids"] = people[2]["frame_ids"] + 4
    people[5]["frame_ids"] = people[5]["frame_ids"] + 5
    path = tmp_path / "street.pkl"
    path.write_bytes(joblib_bytes(people))
    return path


def test_those_whose_frames_meet(street: Path) -> None:
    company = company_of(street, Reading(person="0"))
    assert [person.name for person in company.people] == ["0", "2", "5", "7"]
    assert names(company) == ["2", "7"]
    assert names(company_of(street, Reading(person="5"))) == ["2"]
    for person, motion in company.beside:
        alone = load_motion(street, Reading(person=person.name), doubts="tell")
        assert motion.reading == alone.reading
        np.testing.assert_array_equal(motion.poses, alone.poses)
        np.testing.assert_array_equal(motion.trans, alone.trans)


def test_of_a_crowd_those_who_stay_longest(tmp_path: Path) -> None:
    people = dict(enumerate(wham(tuple(range(5)), frames=9).values()))
    people[2] = {key: value[:3] for key, value in people[2].items()}
    path = tmp_path / "crowd.pkl"
    path.write_bytes(joblib_bytes(people))
    assert names(company_of(path, Reading(person="1"), most=3)) == ["0", "3", "4"]


def test_one_whose_numbers_are_no_motion_is_left_out(tmp_path: Path) -> None:
    people = wham((0, 1, 2))
    people[1]["betas"] = people[1]["betas"] * 1e6
    path = tmp_path / "street.pkl"
    path.write_bytes(joblib_bytes(people))
    assert names(company_of(path, Reading(person="0"))) == ["2"]


def test_only_those_of_one_sequence_are_together(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, **bedlam())
    company = company_of(path, Reading(person="seq_000000/rp_aaron"))
    assert len(company.people) == 3
    assert names(company) == ["seq_000000/rp_carla"]


def test_what_is_said_of_the_file_is_meant_of_all_but_for_the_gender(street: Path) -> None:
    company = company_of(street, Reading(person="0", coordinates="camera", gender="female"))
    assert {(m.reading.coordinates, m.reading.gender, m.up_axis) for _, m in company.beside} == {
        ("camera", None, "-y")
    }


def test_frames_of_one_moment() -> None:
    one, other = Person("a", 10, 10, 100, 5), Person("b", 4, 4, 110, 10)
    assert [other.frame_beside(one, frame) for frame in range(10)] == [
        None, None, 0, None, 1, None, 2, None, 3, None
    ]  # fmt: skip
    assert one.frame_beside(other, 3) == 8
    assert [other.nearest_beside(one, frame) for frame in (0, 3, 9)] == [0, 0, 3]
    elsewhere = Person("c", 10, 10, 100, 5, "another place")
    assert elsewhere.frame_beside(one, 1) is None
    assert elsewhere.nearest_beside(one, 4) == 0
