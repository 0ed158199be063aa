"""A board's web server: who may ask (`access`), what an address means (`routes`), and serving it."""
