---
entity_id: null
name: Clôture des comptes
description: 'Tous SIREN confondus : reçu = rejeté + bloqué + transmissible. Un écart autre que 0 est une erreur de calcul.
  Les 24 derniers mois.'
display: table
database: TIRUERT
visualization_settings:
  column_settings:
    '["name","blocked_mwh"]':
      column_title: Bloqué (MWh)
      decimals: 3
      number_separators: ', '
    '["name","computed_at"]':
      column_title: Calculé le
    '["name","gap_kwh"]':
      column_title: Écart (kWh)
      decimals: 3
      number_separators: ', '
    '["name","period"]':
      column_title: Mois
    '["name","received_mwh"]':
      column_title: Reçu (MWh)
      decimals: 3
      number_separators: ', '
    '["name","rejected_mwh"]':
      column_title: Rejeté (MWh)
      decimals: 3
      number_separators: ', '
    '["name","sendable_mwh"]':
      column_title: Transmissible (MWh)
      decimals: 3
      number_separators: ', '
template_tags: {}
---
---body---
select
    period,
    received_kwh / 1000 as received_mwh,
    rejected_kwh / 1000 as rejected_mwh,
    blocked_kwh / 1000 as blocked_mwh,
    sendable_kwh / 1000 as sendable_mwh,
    received_kwh - rejected_kwh - blocked_kwh - sendable_kwh as gap_kwh,
    computed_at
from energy_balance_monthly
order by period desc
limit 24
