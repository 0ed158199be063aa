"""The store on a SQL database: the stream, the catalogue, queries and removal, each one transaction."""
