-- Energy that CARBURE last acknowledged for the SIREN, of stations that are now counted for another one.
with acknowledged as (
    select distinct on (id_station_itinerance)
        id_station_itinerance,
        siren,
        energy_mwh
    from station_submissions
    where period = %(period)s and outcome = 'accepted'
    order by id_station_itinerance, request_id desc
)

select
    count(*) as stations,
    sum(acknowledged.energy_mwh) as energy_mwh
from acknowledged
inner join station_energy_changes as changes
    on acknowledged.id_station_itinerance = changes.id_station_itinerance
where
    changes.period = %(period)s
    and acknowledged.siren = %(siren)s
    and changes.siren <> %(siren)s
    and acknowledged.energy_mwh > 0
