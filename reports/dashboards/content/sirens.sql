select
    siren as value,
    siren || coalesce(' · ' || nullif(trim(max(amenageur_name)), ''), '') as label
from submission_status_monthly
where siren is not null
group by siren
order by max(amenageur_name), siren
