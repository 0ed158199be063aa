"""Rows of `saved_view`: addresses of pages under names, and the store's methods for them."""

from __future__ import annotations

import sqlalchemy as sa

from trackboard.ports import SavedView
from trackboard.stores.engine.database import Database
from trackboard.stores.rules.catalogue_rules import no_view, taken_view
from trackboard.stores.schema.tables import from_column, saved_view, to_column


class SqlViews:
    """A part of `trackboard.ports.CatalogueStore` on a table; see there for what each method promises."""

    _database: Database

    def add_view(self, view: SavedView) -> None:
        """Save a view."""
        row = {"name": view.name, "address": view.address, "saved_s": to_column(view.saved_s)}
        with self._database.write() as connection:
            _check_free(connection, view.name)
            connection.execute(sa.insert(saved_view), [row])

    def list_views(self) -> tuple[SavedView, ...]:
        """Saved views by name."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(saved_view)).all()
        views = (SavedView(row.name, row.address, from_column(row.saved_s)) for row in found)
        return tuple(sorted(views, key=lambda view: view.name))

    def rename_view(self, name: str, new_name: str) -> None:
        """Give a saved view another name."""
        change = sa.update(saved_view).where(saved_view.c.name == name).values(name=new_name)
        with self._database.write() as connection:
            if new_name != name:
                _check_free(connection, new_name)
            if not connection.execute(change).rowcount:
                raise no_view(name)

    def remove_view(self, name: str) -> None:
        """Forget a saved view."""
        with self._database.write() as connection:
            gone = connection.execute(sa.delete(saved_view).where(saved_view.c.name == name))
            if not gone.rowcount:
                raise no_view(name)


def _check_free(connection: sa.Connection, name: str) -> None:
    query = sa.select(saved_view.c.name).where(saved_view.c.name == name)
    if connection.execute(query).first() is not None:
        raise taken_view(name)
