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
        sum(sessions) as sessions,
        sum(late_share * sessions) / nullif(sum(sessions), 0) as late_share,
        count(*) as operators,
        count(*) filter (where silent_days > 0) as silent_operators
    from data_freshness
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
            french_month(past.period) || ' : ' || french_percent(past.late_share),
            ' ; ' order by past.period desc
        ) as late_shares
    from figures as past
    cross join present
    where past.period <> present.period
),

sentences as (
    select
        1 as display_order,
        'En ' || french_month(present.period) || ', ' || french_percent(present.late_share)
        || ' des sessions sont arrivées hors délai'
        || coalesce(' (' || past.late_shares || ')', '') || '.' as sentence
    from present
    cross join past
    union all
    select
        2 as display_order,
        'Opérateurs sans session un jour au moins, alors qu''ils en avaient avant : '
        || french_number(silent_operators, 0) || ' sur '
        || french_number(operators, 0) || '.' as sentence
    from present
)

select sentence from sentences
where sentence is not null
order by display_order
