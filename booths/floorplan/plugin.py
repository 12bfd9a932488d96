"""What the floor plan brings."""

from app.kernel.module import Module
from booths.floorplan.sheets import HALLS

module = Module(name="floorplan", sheet_kinds=(HALLS,))
