with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

steps as (
    select
        display_order,
        title,
        sum(energy_mwh) as energy_mwh
    from energy_steps_monthly
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by display_order, title
)

select
    title as step,
    energy_mwh,
    energy_mwh / nullif(max(energy_mwh) filter (where display_order = 0) over (), 0) as energy_share
from steps
where display_order = 0 or energy_mwh <> 0
order by display_order
