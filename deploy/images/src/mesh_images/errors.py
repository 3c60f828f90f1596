"""What can go wrong while images are made; each says what to do next."""


class ImagesError(Exception):
    """An image could not be made, read or sent."""


class LayerError(ImagesError):
    """The entries of a layer contradict each other, or one cannot be read."""


class ArchiveError(ImagesError):
    """A file is no image archive, or a damaged one."""
