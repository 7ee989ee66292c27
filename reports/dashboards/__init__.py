"""The dashboards: one specification in `metabase`, shown as static pages and in Metabase."""
