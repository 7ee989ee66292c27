"""What all programs share: connections, settings, exit codes, errors, command lines."""
