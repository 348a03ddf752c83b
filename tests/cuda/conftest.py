"""What of this folder is no test."""

collect_ignore = ["assembly.py"]  # it runs in a process of its own
