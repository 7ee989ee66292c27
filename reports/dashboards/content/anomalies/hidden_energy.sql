with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select coalesce(sum(decisive_mwh), 0) as energy_mwh
from hidden_overlaps_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
