"""What readers get: the dashboards, and a report for an operator."""
