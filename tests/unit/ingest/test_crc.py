import random
import zlib

import numpy as np

from trackboard.ingest.crc import scalar_crcs
from trackboard.spool.layout import SCALAR_BYTES


def test_it_is_the_checksum_of_zlib() -> None:
    chance = random.Random(1)
    messages = [bytes(SCALAR_BYTES), b"\xff" * SCALAR_BYTES]
    messages += [chance.randbytes(SCALAR_BYTES) for _ in range(1000)]
    bodies = np.frombuffer(b"".join(messages), "<u2").reshape(-1, SCALAR_BYTES // 2)
    assert scalar_crcs(bodies).tolist() == [zlib.crc32(message) for message in messages]


def test_none_at_all() -> None:
    assert scalar_crcs(np.empty((0, SCALAR_BYTES // 2), np.uint16)).tolist() == []
