"""The dashboards: one specification in `content`, shown as static pages and in Metabase."""
