"""TensorBoard's projector for runs: its configurations, and the plugin that reads them."""
