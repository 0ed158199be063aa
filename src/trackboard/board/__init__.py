"""Everything about TensorBoard: data provider, mount, live page, export."""
