"""The bench is no package; its tests find it here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
