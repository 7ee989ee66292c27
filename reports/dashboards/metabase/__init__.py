"""Keep the dashboards in Metabase equal to the specification, through its REST API."""
