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

received as (
    select
        period,
        sum(received_sessions) as received_sessions,
        sum(received_kwh) / 1000 as received_mwh,
        sum(rejected_sessions) as rejected_sessions,
        sum(rejected_kwh) / 1000 as rejected_mwh,
        sum(blocked_kwh) / 1000 as blocked_mwh,
        sum(sendable_kwh) / 1000 as sendable_mwh
    from energy_balance_daily
    where
        period in (select compared.period from compared)
        [[and siren = {{siren}}]]
    group by period
),

submitted as (
    select
        period,
        sum(sent_stations) > 0 or sum(carbure_mwh) > 0 as is_started,
        sum(carbure_mwh) as acknowledged_mwh
    from submission_status_monthly
    where
        period in (select compared.period from compared)
        [[and siren = {{siren}}]]
    group by period
),

figures as (
    select
        received.*,
        coalesce(submitted.is_started, false) as is_started,
        coalesce(submitted.acknowledged_mwh, 0) as acknowledged_mwh
    from received
    left join submitted on received.period = submitted.period
),

present as (
    select * from figures
    where period = (select chosen.period from chosen)
),

past as (
    select
        string_agg(
            french_month(past.period) || ' : '
            || french_number(
                case
                    when present.is_started then past.acknowledged_mwh else past.sendable_mwh
                end,
                1
            )
            || ' MWh',
            ' ; ' order by past.period desc
        ) as energies
    from figures as past
    cross join present
    where past.period <> present.period and (past.is_started or not present.is_started)
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
                    || french_number(present.sendable_mwh, 1) || ' MWh transmissibles.'
            else
                'Rien n''est encore transmis pour ' || french_month(present.period) || ' : '
                || french_number(present.sendable_mwh, 1) || ' MWh sont à transmettre'
                || coalesce(' (' || past.energies || ')', '') || '.'
        end as sentence
    from present
    cross join past
    union all
    select
        2 as display_order,
        'Sur ' || french_number(received_mwh, 1) || ' MWh reçus, les règles rejettent '
        || french_percent(rejected_sessions / nullif(received_sessions, 0))
        || ' des sessions, qui portent '
        || french_percent(rejected_mwh / nullif(received_mwh, 0)) || ' de l''énergie ; '
        || french_number(blocked_mwh, 1) || ' MWh valides restent bloqués.' as sentence
    from present
)

select sentence from sentences
where sentence is not null
order by display_order
