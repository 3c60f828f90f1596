"""`python -m mesh_clusters`."""

import sys

from mesh_clusters.command import main

sys.exit(main())
