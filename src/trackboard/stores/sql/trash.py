"""The trash's part of the SQL store: runs put away, taken back, and forgotten for good."""

from __future__ import annotations

from collections.abc import Collection

from trackboard.model import RunId
from trackboard.stores.engine.database import Database
from trackboard.stores.rows import blob_keys, put_away
from trackboard.stores.schema.tables import run
from trackboard.stores.sql import removal


class SqlTrash:
    """`trackboard.ports.TrashStore` on tables; see there for what each method promises."""

    _database: Database

    def archive_runs(self, runs: Collection[RunId], archived_s: float) -> tuple[RunId, ...]:
        """Archive runs and all below them."""
        with self._database.write() as connection:
            return put_away.put_away(connection, run.c.archived_s, runs, archived_s)

    def unarchive_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs back that are archived."""
        with self._database.write() as connection:
            return put_away.bring_back(connection, run.c.archived_s, runs)

    def delete_runs(self, runs: Collection[RunId], deleted_s: float) -> tuple[RunId, ...]:
        """Put runs and all below them into the trash."""
        with self._database.write() as connection:
            return put_away.put_away(connection, run.c.deleted_s, runs, deleted_s)

    def restore_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs out of the trash."""
        with self._database.write() as connection:
            return removal.restore_runs(connection, runs)

    def delete_experiment(self, name: str, deleted_s: float) -> tuple[RunId, ...]:
        """Put an experiment and all of its runs into the trash."""
        with self._database.write() as connection:
            return removal.delete_experiment(connection, name, deleted_s)

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash, with the runs that were deleted with it."""
        with self._database.write() as connection:
            return removal.restore_experiment(connection, name)

    def remove_runs(self, runs: Collection[RunId], *, deleted_before_s: float) -> tuple[RunId, ...]:
        """Forget runs in the trash for good."""
        with self._database.write(durable=True) as connection:
            return removal.remove_runs(connection, runs, deleted_before_s)

    def remove_experiments(self, *, deleted_before_s: float) -> tuple[str, ...]:
        """Forget the experiments in the trash that have no run left."""
        with self._database.write(durable=True) as connection:
            return removal.remove_experiments(connection, deleted_before_s)

    def list_keys(
        self, *, among: Collection[str] | None = None, without: Collection[RunId] = ()
    ) -> frozenset[str]:
        """Keys of the blobs that runs and models name."""
        with self._database.read() as connection:
            return blob_keys.list_keys(connection, among, without)

    def shrink(self, *, always: bool = False) -> int:
        """Give the disk back what forgotten runs took in the database."""
        return self._database.shrink(always=always)

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """Those of the ids whose runs were forgotten for good."""
        with self._database.read() as connection:
            return removal.list_deleted(connection, runs)
