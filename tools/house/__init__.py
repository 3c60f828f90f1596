"""What ./dev and noxfile.py do: the workspace, the checks, and their summary.

It runs in the environment of the development tools, which holds none of the mesh's packages.
"""
