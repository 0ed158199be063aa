"""A report of runs as one HTML file that needs nothing else: no request leaves it, and no script is in it.

`content` says what stands in it, `chart` draws curves as SVG, `render` writes the page. Whatever people
named is text there: it is escaped, and a policy in the page's head forbids scripts and requests anyway.
"""
