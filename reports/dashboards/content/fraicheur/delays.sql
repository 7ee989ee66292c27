with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

operators as (
    select
        *,
        coalesce(nullif(trim(amenageur_name), ''), 'Sans nom') as operator_name
    from data_freshness
    where
        period = (select chosen.period from chosen)
        and sessions > 0
        [[and siren = {{siren}}]]
)

select
    -- Metabase adds up rows with the same label. Pages cut the end of long labels.
    case
        when count(*) over (partition by operator_name) > 1
            then siren || ' · ' || operator_name
        else operator_name
    end as operator_label,
    median_delay_hours,
    percentile_95_delay_hours,
    late_share,
    sessions,
    last_received_at
from operators
order by percentile_95_delay_hours desc, median_delay_hours desc, siren asc
limit 12
