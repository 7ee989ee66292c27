with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    id_station_itinerance,
    amenageur_name,
    siren,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh
from station_energy_changes
where
    period = (select chosen.period from chosen)
    and status = 'locked'
    [[and siren = {{siren}}]]
order by abs(difference_mwh) desc, id_station_itinerance asc
limit 20
