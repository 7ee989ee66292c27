with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    amenageur_name,
    siren,
    silent_days,
    (
        select string_agg(to_char(silent_day, 'FMDD'), ', ' order by silent_day)
        from unnest(silent_on) as silent_day
    ) as silent_on,
    last_started_on,
    last_received_at
from data_freshness
where
    period = (select chosen.period from chosen)
    and silent_days > 0
    [[and siren = {{siren}}]]
order by silent_days desc, siren asc
limit 50
