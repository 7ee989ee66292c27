select
    month_text as value,
    month_text as label
from built_months
order by period desc
