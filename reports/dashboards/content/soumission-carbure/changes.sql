with

chosen as (
    select period from built_months
    where month_text = coalesce([[{{month}},]] latest_complete_month)
)

select
    id_station_itinerance,
    amenageur_name,
    first_mwh,
    computed_mwh,
    title as cause,
    sessions,
    change_mwh,
    -- An owner starts with its SIREN. The page of one SIREN does not show another.
    case
        when cause <> 'owner' or starts_with(value_before, coalesce([[{{siren}},]] '')) then value_before
        else 'un autre SIREN'
    end as value_before,
    case
        when cause <> 'owner' or starts_with(value_after, coalesce([[{{siren}},]] '')) then value_after
        else 'un autre SIREN'
    end as value_after
from acknowledged_changes
where
    period = (select chosen.period from chosen)
    [[and siren = {{siren}}]]
order by abs(computed_mwh - first_mwh) desc, id_station_itinerance asc, title asc
limit 20
