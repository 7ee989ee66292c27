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
        sum(computed_stations) as computed_stations,
        sum(computed_mwh) as computed_mwh,
        sum(sent_stations) > 0 or sum(carbure_mwh) > 0 as is_started,
        sum(carbure_mwh) as acknowledged_mwh,
        sum(not_sent_mwh) as not_sent_mwh,
        sum(refused_stations) as refused_stations,
        sum(uncertain_stations) as uncertain_stations,
        sum(different_stations) as different_stations,
        sum(locked_stations) as locked_stations,
        sum(uncredited_mwh) as uncredited_mwh
    from submission_status_monthly
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
            french_month(past.period) || ' : ' || french_number(past.acknowledged_mwh, 1) || ' MWh',
            ' ; ' order by past.period desc
        ) as energies
    from figures as past
    cross join present
    where past.period <> present.period and past.is_started
),

sentences as (
    select
        1 as display_order,
        case
            when present.is_started
                then
                    'CARBURE a acquitté '
                    || french_number(present.acknowledged_mwh, 1) || ' MWh pour '
                    || french_month(present.period)
                    || coalesce(' (' || past.energies || ')', '') || ', sur '
                    || french_number(present.computed_mwh, 1) || ' MWh calculés.'
            else
                'Rien n''est encore transmis pour ' || french_month(present.period) || ' : '
                || french_number(present.computed_mwh, 1) || ' MWh de '
                || french_number(present.computed_stations, 0) || ' stations sont à transmettre.'
        end as sentence
    from present
    cross join past
    union all
    select
        2 as display_order,
        'Énergie non transmise : ' || french_number(not_sent_mwh, 1)
        || ' MWh ; stations refusées : ' || french_number(refused_stations, 0)
        || ' ; sans réponse claire : ' || french_number(uncertain_stations, 0)
        || ' ; qui diffèrent : ' || french_number(different_stations, 0)
        || ' ; verrouillées : ' || french_number(locked_stations, 0) || '.' as sentence
    from present
    where is_started
    union all
    select
        3 as display_order,
        'Énergie acquittée sans société créditée connue : ' || french_number(uncredited_mwh, 1)
        || ' MWh. Une fois la société activée chez CARBURE, il faut transmettre de nouveau le mois.'
            as sentence
    from present
    where uncredited_mwh > 0
)

select sentence from sentences
where sentence is not null
order by display_order
