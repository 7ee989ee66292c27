with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

steps as (
    select * from energy_steps_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
)

select
    title as step,
    sum(energy_mwh) as energy_mwh
from steps
group by display_order, title
having display_order = 0 or sum(energy_mwh) <> 0
order by display_order
