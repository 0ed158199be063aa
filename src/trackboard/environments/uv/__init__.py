"""Running uv: its process, its settings, and what its failures mean."""
