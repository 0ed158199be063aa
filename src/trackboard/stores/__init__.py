"""Stores: SQL through SQLAlchemy Core, and an in-memory model of the contract."""
