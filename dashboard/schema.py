"""The whole schema: every table of the store, whichever part of the dashboard keeps it.

A table is known once its module is imported. Whoever goes over *all* tables (migrations, erasing,
handing a device over) takes `metadata` from here, where none can be missing.
"""

from __future__ import annotations

from . import people_tables, preferences, tables
from .exercises import tables as exercise_tables
from .phone import tables as phone_tables

__all__ = ["exercise_tables", "metadata", "people_tables", "phone_tables", "preferences", "tables"]

metadata = tables.metadata
