{# Fail if two rows have the same values in `columns`. Unlike in a unique constraint, null equals null. #}
{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
