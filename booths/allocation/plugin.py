"""What allocation brings."""

from app.kernel.module import Module
from booths.allocation.sheets import APPLICATIONS
from booths.allocation.tasks import JOBS

module = Module(name="allocation", jobs=JOBS, sheet_kinds=(APPLICATIONS,))
