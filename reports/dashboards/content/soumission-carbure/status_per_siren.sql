with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    amenageur_name,
    siren,
    computed_mwh,
    carbure_mwh as acknowledged_mwh,
    not_sent_mwh,
    uncertain_mwh,
    refused_mwh,
    blocked_mwh,
    different_stations
from submission_status_monthly
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by
    not_sent_mwh + uncertain_mwh + refused_mwh + blocked_mwh desc,
    computed_mwh desc,
    siren asc
limit 50
