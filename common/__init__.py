"""Code shared by all programs: connections, settings, errors, exit codes and command lines."""
