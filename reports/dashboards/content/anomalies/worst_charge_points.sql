with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

worst as (
    select * from anomalous_charge_points
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    order by rank
    limit 20
)

select
    worst.id_pdc_itinerance,
    worst.amenageur_name,
    worst.max_power_kw,
    worst.sessions,
    worst.rejected_share,
    worst.rejected_kwh / 1000 as rejected_mwh,
    worst.median_excess,
    labels.title as cause
from worst
left join reason_labels as labels
    on worst.period = labels.period and worst.likely_cause = labels.reason
order by worst.rank
