"""A run of the whole way on one machine: made or real sessions, PostgreSQL, dbt, the sender."""
