with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    -- With the SIREN, because Metabase adds up rows with the same label.
    coalesce(nullif(trim(amenageur_name), ''), 'Sans nom')
    || ' (' || siren || ')' as operator_label,
    median_delay_hours,
    percentile_95_delay_hours,
    late_share,
    sessions,
    last_received_at
from data_freshness
where
    period = (select chosen.period from chosen)
    and sessions > 0
    [[and siren = {{siren}}]]
order by percentile_95_delay_hours desc, median_delay_hours desc, siren asc
limit 12
