with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    amenageur_name,
    siren,
    hidden_overlap_sessions,
    decisive_sessions,
    decisive_mwh,
    decisive_stations
from hidden_overlaps_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by decisive_mwh desc, hidden_overlap_sessions desc, siren asc
limit 20
