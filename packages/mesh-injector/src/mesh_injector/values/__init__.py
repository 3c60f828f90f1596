"""The chart's values, as ConfigMap `linkerd-config` has them, made into an Installation."""

from mesh_injector.values.installation import installation
from mesh_injector.values.tree import ValuesError

__all__ = ["ValuesError", "installation"]
