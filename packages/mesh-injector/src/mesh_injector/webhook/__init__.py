"""The admission webhook around the pure core, and the watch over what it missed.

Needs the extra `[webhook]`.
"""
