with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    id_station_itinerance,
    amenageur_name,
    computed_mwh,
    acknowledged_mwh,
    difference_mwh,
    is_moved,
    can_be_sent
from station_energy_changes
where
    period = (select chosen.period from chosen)
    and status <> 'not_sent'
    and (difference_mwh <> 0 or is_moved)
    [[and siren = {{siren}}]]
order by abs(difference_mwh) desc, id_station_itinerance asc
limit 20
