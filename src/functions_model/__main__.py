"""`python -m functions_model`."""

import sys

from functions_model.cli import main

sys.exit(main())
