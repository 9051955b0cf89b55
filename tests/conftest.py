"""Settings for all property tests."""

import os

from hypothesis import settings

# No deadline: machines are shared, and a test must not fail on seconds. A run of .ci/run draws the
# same examples each time, so that its answer is about the tree; other runs look for new ones.
settings.register_profile("anywhere", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("anywhere")
