"""`mesh-proxy await`: holds a program back until the pod's proxy is ready.

It runs in every pod whose proxy is an ordinary container, before the application starts, and
in front of jobs. It therefore imports little: no argparse, no dataclasses, no http.client.
"""
