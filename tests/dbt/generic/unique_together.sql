{# No two rows of the checked months have the same values in `columns`; nulls count as equal. #}
{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {{ in_checked_months('period') }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
