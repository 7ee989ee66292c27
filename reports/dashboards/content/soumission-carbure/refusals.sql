with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    sent_at,
    id_station_itinerance,
    amenageur_name,
    siren,
    energy_mwh,
    reason
from station_submissions
where
    period = (select chosen.period from chosen)
    and reason is not null
    [[and siren = {{siren}}]]
order by sent_at desc, id_station_itinerance asc
limit 50
