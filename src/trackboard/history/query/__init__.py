"""The language in which people say which runs they mean: `loss.min < 0.5 and tags.team = vision`.

`parser` reads a text by its `tokens`, `fields` knows what a name means, `values` what a value means beside
it; the answer is a `trackboard.ports.Condition`. Nothing here knows a history. `mistakes` points at places.
"""
