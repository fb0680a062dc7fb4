"""Binary glTF as a viewer reads it: from its bytes, and posed by linear blend skinning of its own."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

TYPES = {5126: "<f4", 5125: "<u4", 5123: "<u2", 5121: "u1"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """One file."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        self.json: dict[str, Any] = json.loads(data[20 : 20 + size])
        binary, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0"
        assert 28 + size + binary == len(data)
        assert len(self.json["buffers"]) == 1
        assert binary - 3 <= self.json["buffers"][0]["byteLength"] <= binary
        self.blob = data[28 + size :]

    def accessor(self, number: int) -> np.ndarray:
        """Its (n, k) numbers; bounds that it tells must be theirs."""
        told = self.json["accessors"][number]
        view = self.json["bufferViews"][told["bufferView"]]
        width, start = WIDTHS[told["type"]], view.get("byteOffset", 0)
        assert start % 4 == 0
        numbers = np.frombuffer(self.blob, TYPES[told["componentType"]], told["count"] * width, start)
        assert numbers.nbytes == view["byteLength"]
        rows = numbers.reshape(-1, width)
        if "min" in told:
            assert np.array_equal(rows.min(0), np.float32(told["min"]))
            assert np.array_equal(rows.max(0), np.float32(told["max"]))
        return rows

    def times(self) -> np.ndarray:
        """(n,) seconds."""
        (animation,) = self.json["animations"]
        (number,) = {sampler["input"] for sampler in animation["samplers"]}
        assert "min" in self.json["accessors"][number]
        return self.accessor(number)[:, 0]

    def nodes_at(self, key: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """(nodes, 4, 4) world matrices at one key of the animation, and weights of the morph targets by
        node."""
        nodes = self.json["nodes"]
        usual = {"translation": [0, 0, 0], "rotation": [0, 0, 0, 1]}
        local = [{what: node.get(what, value) for what, value in usual.items()} for node in nodes]
        weights = {
            number: np.array(self.json["meshes"][node["mesh"]].get("weights", []))
            for number, node in enumerate(nodes)
            if "mesh" in node
        }
        (animation,) = self.json["animations"]
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            assert sampler["interpolation"] == "LINEAR"
            keys = self.accessor(sampler["output"])
            node, what = channel["target"]["node"], channel["target"]["path"]
            if what == "weights":
                weights[node] = keys.reshape(len(self.accessor(sampler["input"])), -1)[key]
            else:
                local[node][what] = keys[key]
        parents = {child: number for number, node in enumerate(nodes) for child in node.get("children", [])}
        world = np.tile(np.eye(4), (len(nodes), 1, 1))
        for number in range(len(nodes)):
            matrix, at = np.eye(4), number
            while at is not None:
                own = np.eye(4)
                own[:3, :3] = Rotation.from_quat(np.asarray(local[at]["rotation"], float)).as_matrix()
                own[:3, 3] = local[at]["translation"]
                matrix, at = own @ matrix, parents.get(at)
            world[number] = matrix
        return world, weights

    def joints(self, key: int, skin: int = 0) -> np.ndarray:
        """(J, 3) where the joints of a skin are at a key."""
        world, _ = self.nodes_at(key)
        return world[self.json["skins"][skin]["joints"], :3, 3]

    def skin(self, key: int, number: int = 0, most_sets: int = 8) -> np.ndarray:
        """(V, 3) the vertices of a skin at a key, in the world of the file."""
        world, weights = self.nodes_at(key)
        node = next(k for k, one in enumerate(self.json["nodes"]) if one.get("skin") == number)
        skin = self.json["skins"][number]
        (primitive,) = self.json["meshes"][self.json["nodes"][node]["mesh"]]["primitives"]
        values = primitive["attributes"]
        points = self.accessor(values["POSITION"]).astype(float)
        for target, weight in zip(primitive.get("targets", []), weights[node], strict=True):
            points = points + weight * self.accessor(target["POSITION"])
        inverse = self.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        carried = world[skin["joints"]] @ inverse
        total, out = np.zeros((len(points), 1)), np.zeros_like(points)
        for part in range(min(sum(key.startswith("JOINTS_") for key in values), most_sets)):
            ids, shares = self.accessor(values[f"JOINTS_{part}"]), self.accessor(values[f"WEIGHTS_{part}"])
            for joint, share in zip(ids.T, shares.T.astype(float)[..., None], strict=True):
                moved = (carried[joint, :3, :3] @ points[..., None])[..., 0] + carried[joint, :3, 3]
                out, total = out + share * moved, total + share
        if most_sets == 8:
            assert np.allclose(total, 1, atol=1e-6)
        return out / total
