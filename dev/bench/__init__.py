"""What the warehouse costs at a country's size, beside other ways to the same figures."""
