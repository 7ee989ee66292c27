"""Compare the cost of `dbt build` at national scale with other ways to compute the same result."""
