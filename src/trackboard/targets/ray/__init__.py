"""Jobs on a Ray cluster, through the HTTP API of its dashboard: nothing of Ray is imported here.

Ray's own client takes a second and a half to import, and must not differ much from the cluster; the
API below it is documented and has stayed the same since Ray 2.9. What runs on the nodes is in `node`.
"""
