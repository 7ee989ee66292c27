"""The dashboards: one specification, which Metabase gets and static pages are made of."""
