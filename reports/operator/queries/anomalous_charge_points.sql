-- The charge points with the most rejected energy, and the likely cause.
select
    points.id_pdc_itinerance,
    points.id_station_itinerance,
    points.sessions,
    points.rejected_sessions,
    points.rejected_kwh,
    labels.title,
    labels.explanation
from anomalous_charge_points as points
left join reason_labels as labels
    on points.period = labels.period and points.likely_cause = labels.reason
where points.period = %(period)s and points.siren = %(siren)s
order by points.rejected_kwh desc, points.id_pdc_itinerance
limit 20
