"`python -m comprehend_nb.cli` is `comprehend-nb`."

import sys

from comprehend_nb.cli import main

sys.exit(main())
