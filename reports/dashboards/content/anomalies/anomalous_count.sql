with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select count(*) as charge_points
from anomalous_charge_points
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
