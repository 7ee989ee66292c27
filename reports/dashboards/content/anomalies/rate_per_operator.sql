with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

operators as (
    select
        siren,
        coalesce(nullif(trim(max(amenageur_name)), ''), 'Sans nom') as amenageur_name,
        sum(received_sessions) as sessions,
        sum(rejected_sessions) as rejected_sessions
    from energy_balance_daily
    where
        period = (select chosen.period from chosen)
        [[and siren = {{siren}}]]
    group by siren
)

select
    -- Metabase adds up rows with the same label. Pages cut the end of long labels.
    case
        when count(*) over (partition by amenageur_name) > 1
            then coalesce(siren, 'Sans SIREN') || ' · ' || amenageur_name
        else amenageur_name
    end as operator_label,
    rejected_sessions / nullif(sessions, 0) as rejected_share,
    rejected_sessions,
    sessions
from operators
order by rejected_share desc, sessions desc, siren asc
limit 20
