"""One SQL database: transactions, and what SQLite and PostgreSQL do differently."""
