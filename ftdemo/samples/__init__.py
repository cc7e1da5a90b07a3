"""Reading files into samples, checking them, and the library of saved sample sets."""

from ftdemo.files.rows import Problem
from ftdemo.samples.checking import HoldOut
from ftdemo.samples.library import SampleLibrary
from ftdemo.samples.report import SampleReport
from ftdemo.samples.writing import as_record

__all__ = ["HoldOut", "Problem", "SampleLibrary", "SampleReport", "as_record"]
