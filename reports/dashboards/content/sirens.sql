with

operators as (
    select
        siren,
        amenageur_name
    from energy_balance_daily
    union
    select
        siren,
        amenageur_name
    from submission_status_monthly
    union
    select
        siren,
        amenageur_name
    from data_freshness
)

select
    siren as value,
    siren || coalesce(' · ' || nullif(trim(max(amenageur_name)), ''), '') as label
from operators
where siren is not null
group by siren
order by max(amenageur_name), siren
