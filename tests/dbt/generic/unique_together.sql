{# No two rows of the checked months have the same values in `columns`; nulls count as equal. #}
{% test unique_together(model, columns) %}
    {%- set months = checked_months() %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {{ period_in('period', months) }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
