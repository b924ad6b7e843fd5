import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""Before ONNX Runtime is loaded: since 1.31 it writes a device number and a database of events into the home folder and
sends them to its maker. What it would be asked later comes too late for the files."""
