"""A drawn picture as an image, and as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage


def picture_image(picture: np.ndarray) -> QImage:
    """Bytes (height, width, 3 or 4) as an image that owns them."""
    height, width, channels = picture.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(picture.tobytes(), width, height, channels * width, kind).copy()


def as_jpeg(png: bytes) -> bytes:
    """The same picture as JPEG, a fourth as large."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImage.fromData(png).save(buffer, "JPG", 86)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def write_picture(path: Path, picture: np.ndarray, overwrite: bool) -> None:
    """Writes it as PNG, whole or not at all."""
    from core.files.containers.atomic import atomic_write

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture_image(picture).save(buffer, "PNG")  # type: ignore[call-overload]
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(buffer.data().data())
