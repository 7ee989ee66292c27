"""The whole process on one machine: generated or sample sessions, PostgreSQL, dbt, the sender."""
