with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
),

-- The month, the month before and the same month of the year before.
compared as (
    select built_months.period
    from built_months
    cross join chosen
    where
        built_months.period in (
            chosen.period, chosen.period - interval '1 month', chosen.period - interval '1 year'
        )
),

figures as (
    select
        period,
        sum(received_sessions) as received_sessions,
        sum(rejected_sessions) as rejected_sessions,
        sum(rejected_sessions) / nullif(sum(received_sessions), 0) as rejected_share
    from energy_balance_daily
    where
        period in (select compared.period from compared)
        [[and siren = {{siren}}]]
    group by period
),

present as (
    select * from figures
    where period = (select chosen.period from chosen)
),

past as (
    select
        string_agg(
            french_month(past.period) || ' : ' || french_percent(past.rejected_share),
            ' ; ' order by past.period desc
        ) as rejected_shares
    from figures as past
    cross join present
    where past.period <> present.period
),

first_rule as (
    select
        labels.title,
        sum(anomalies.sessions) as sessions
    from anomalies_daily as anomalies
    inner join reason_labels as labels
        on anomalies.period = labels.period and anomalies.rule = labels.reason
    where
        anomalies.period = (select chosen.period from chosen)
        and labels.kind = 'rejection'
        [[and anomalies.siren = {{siren}}]]
    group by labels.title
    order by sum(anomalies.sessions) desc, labels.title asc
    limit 1
),

sentences as (
    select
        1 as display_order,
        'En ' || french_month(present.period) || ', '
        || french_percent(present.rejected_share)
        || ' des sessions sont rejetées'
        || coalesce(' (' || past.rejected_shares || ')', '') || ' : '
        || french_number(present.rejected_sessions, 0) || ' sur '
        || french_number(present.received_sessions, 0) || '.' as sentence
    from present
    cross join past
    union all
    select
        2 as display_order,
        'La règle qu''elles enfreignent le plus souvent : « ' || first_rule.title || ' », '
        || french_number(first_rule.sessions, 0)
        || case when first_rule.sessions > 1 then ' sessions.' else ' session.' end as sentence
    from first_rule
)

select sentence from sentences
where sentence is not null
order by display_order
