"""Reports on the marts: the dashboards, and a folder of files for one operator."""
