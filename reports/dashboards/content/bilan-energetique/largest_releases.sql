with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    labels.correction,
    corrections.amenageur_name,
    corrections.siren,
    corrections.operational_unit_code,
    corrections.contact,
    corrections.stations,
    corrections.blocked_mwh
from corrections_monthly as corrections
inner join reason_labels as labels
    on corrections.period = labels.period and corrections.blocking_reason = labels.reason
where
    corrections.period = (select chosen.period from chosen)
    [[and corrections.siren = {{siren}}]]
order by
    corrections.blocked_mwh desc,
    labels.display_order asc,
    corrections.siren asc,
    corrections.operational_unit_code asc
limit 10
