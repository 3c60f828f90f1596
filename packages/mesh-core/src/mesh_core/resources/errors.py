"""Why a document is not one of the resources in use."""

from mesh_core.errors import CoreError
from mesh_core.resources.fields import FieldPath, render


class DecodeError(CoreError):
    """A document does not describe a valid resource.

    `path` leads to the offending field; `reason` says what is wrong with it.
    """

    def __init__(self, reason: str, path: FieldPath = ()) -> None:
        """Remember where and why; the text puts both together."""
        self.reason = reason
        self.path = path
        super().__init__(f"{self.field}: {reason}" if path else reason)

    @property
    def field(self) -> str:
        """The path as users write it, empty for the document as a whole."""
        return render(self.path)


class UnknownKindError(DecodeError):
    """The document's apiVersion and kind are not among the registered ones."""
