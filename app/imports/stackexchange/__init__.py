"""Stack Exchange data dumps become a community of this site.

Badges.xml is never read: the awards are found anew, by the same rules as everybody's.
"""

from app.imports.stackexchange.course import Outcome, Progress, run
from app.imports.stackexchange.deeds import untold
from app.imports.stackexchange.dump import DumpError

__all__ = ["DumpError", "Outcome", "Progress", "run", "untold"]
