with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    id_station_itinerance,
    amenageur_name,
    first_mwh,
    computed_mwh,
    title as cause,
    sessions,
    change_mwh,
    value_before,
    value_after
from acknowledged_changes
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by abs(computed_mwh - first_mwh) desc, id_station_itinerance asc, title asc
limit 20
