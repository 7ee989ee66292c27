"""Build the marts with Spark as the engine for what grows with the number of sessions."""
