"""The tables of the folder: their files, and the name and meaning of every column."""

from collections.abc import Mapping
from typing import NamedTuple

STATES = {
    "not_sent": "non envoyée",
    "acknowledged": "acquittée",
    "uncertain": "sans réponse claire",
    "refused": "refusée",
    "locked": "verrouillée",
    "blocked": "bloquée",
    "nothing_to_send": "rien à envoyer",
}
OUTCOMES = {
    "accepted": "acceptée",
    "refused": "refusée",
    "uncertain": "sans réponse claire",
}


class Column(NamedTuple):
    """A column: its field in the query, its header, what it means, words for its values."""

    field: str
    header: str
    description: str
    words: Mapping[str, str] = {}


class Table(NamedTuple):
    """A CSV file: its query, its name, what a row is, and its columns in order."""

    query: str
    file: str
    description: str
    columns: tuple[Column, ...]


_CHARGE_POINT = (
    Column("id_pdc_itinerance", "point de charge", "Identifiant du point de charge."),
    Column("id_station_itinerance", "station", "Identifiant de la station."),
    Column(
        "operational_unit_code",
        "unité d'exploitation",
        "Code de l'unité d'exploitation de la station.",
    ),
)
_INSTANTS = (
    Column("started_at", "début", "Début de la session."),
    Column("ended_at", "fin", "Fin de la session."),
    Column("received_at", "reçue le", "Réception de la session par QualiCharge."),
)
_SESSION = Column("session_id", "session", "Identifiant de la session dans QualiCharge.")
_ENERGY = (
    Column(
        "energy_kwh",
        "énergie reçue (kWh)",
        "Énergie telle que reçue : celle que lisent les règles.",
    ),
    Column(
        "booked_energy_kwh",
        "énergie comptée (kWh)",
        "Énergie des totaux : la même, ou 0 si elle est infinie ou n'est pas un nombre.",
    ),
)

REJECTED_SESSIONS = Table(
    "rejected_sessions",
    "sessions-rejetees.csv",
    "Une ligne par session rejetée, avec ce que ses règles ont comparé ; les chiffres d'une règle"
    " qui ne la rejette pas restent vides.",
    (
        _SESSION,
        Column("rejection_reasons", "règles", "Noms des règles qui rejettent la session."),
        Column("titles", "motifs", "Les mêmes, en français."),
        *_CHARGE_POINT,
        *_INSTANTS,
        Column("duration_hours", "durée (h)", "De début à fin, en heures, avec son signe."),
        *_ENERGY,
        Column(
            "max_power_kw",
            "puissance nominale (kW)",
            "Puissance nominale du point de charge.",
        ),
        Column(
            "max_energy_kwh",
            "énergie possible (kWh)",
            "Durée × puissance nominale.",
        ),
        Column(
            "eneu_limit_kwh",
            "limite eneu (kWh)",
            "Énergie que la session dépasse (règle eneu).",
        ),
        Column(
            "enea_limit_kwh",
            "limite enea (kWh)",
            "Énergie possible × facteur de la règle enea, que la session dépasse.",
        ),
        Column(
            "odus_limit_kwh",
            "limite odus (kWh)",
            "Énergie que la session, de durée négative, dépasse (règle odus).",
        ),
        Column(
            "enex_limit_kwh",
            "limite enex (kWh)",
            "Énergie que la session dépasse (règle enex, première condition).",
        ),
        Column(
            "enex_possible_limit_kwh",
            "limite enex par la puissance (kWh)",
            "Énergie possible × facteur de la règle enex, que la session dépasse aussi.",
        ),
        Column(
            "previous_session_id",
            "session précédente",
            "Règles duplicate et overlap : la session comparée, précédente sur le même point de"
            " charge par début, fin, réception puis identifiant. Vide si elle n'est plus dans les"
            " données.",
        ),
        Column("previous_started_at", "début de la précédente", "Début de cette session."),
        Column("previous_ended_at", "fin de la précédente", "Fin de cette session."),
        Column("previous_received_at", "précédente reçue le", "Réception de cette session."),
        Column(
            "hiding_session_id",
            "session antérieure",
            "Règle hidden_overlap : la session, antérieure à la précédente, dont la fin est après"
            " le début de celle-ci.",
        ),
        Column("hiding_started_at", "début de l'antérieure", "Début de cette session."),
        Column("hiding_ended_at", "fin de l'antérieure", "Fin de cette session."),
        Column("hiding_received_at", "antérieure reçue le", "Réception de cette session."),
    ),
)

BLOCKED_SESSIONS = Table(
    "blocked_sessions",
    "sessions-bloquees.csv",
    "Une ligne par session qu'aucune règle ne rejette, mais dont l'énergie ne peut être envoyée.",
    (
        _SESSION,
        Column("blocking_reason", "cause", "Nom de la cause du blocage."),
        Column("title", "motif", "La même, en français."),
        Column("explanation", "explication", "Ce que la cause veut dire."),
        *_CHARGE_POINT,
        Column("amenageur_name", "aménageur", "Nom de l'aménageur dans QualiCharge."),
        *_INSTANTS,
        *_ENERGY,
    ),
)

STATIONS = Table(
    "stations",
    "stations.csv",
    "Une ligne par station qui a une session dans le mois, ou une énergie calculée ou envoyée.",
    (
        *_CHARGE_POINT[1:],
        Column("amenageur_name", "aménageur", "Nom de l'aménageur dans QualiCharge."),
        Column("received_sessions", "sessions reçues", "Sessions qui commencent dans le mois."),
        Column("rejected_sessions", "sessions rejetées", "Celles qu'une règle au moins rejette."),
        Column("clean_sessions", "sessions retenues", "Les autres : reçues - rejetées."),
        Column(
            "blocked_sessions",
            "dont sessions bloquées",
            "Sessions retenues dont l'énergie ne peut pas être envoyée.",
        ),
        Column("received_kwh", "énergie reçue (kWh)", "Énergie comptée des sessions reçues."),
        Column("rejected_kwh", "énergie rejetée (kWh)", "Énergie comptée des sessions rejetées."),
        Column("clean_kwh", "énergie retenue (kWh)", "Énergie comptée des sessions retenues."),
        Column(
            "blocked_kwh",
            "dont énergie bloquée (kWh)",
            "Énergie comptée des sessions retenues et bloquées.",
        ),
        Column(
            "computed_mwh",
            "énergie à envoyer (MWh)",
            "Somme calculée pour CARBURE : énergie retenue et non bloquée, arrondie au Wh ; vide si"
            " la station n'a rien à envoyer.",
        ),
        Column(
            "acknowledged_mwh",
            "énergie acquittée (MWh)",
            "Ce que CARBURE a acquitté en dernier ; vide si rien.",
        ),
        Column(
            "difference_mwh",
            "différence (MWh)",
            "Énergie à envoyer - énergie acquittée ; vide compte pour 0.",
        ),
        Column(
            "status",
            "état",
            "Ce que l'on sait de la station chez CARBURE ; verrouillée : devenue un certificat,"
            " elle ne peut plus changer.",
            STATES,
        ),
        Column(
            "is_moved",
            "acquittée ailleurs",
            "oui si l'énergie a été acquittée sous un autre SIREN ou une autre unité.",
        ),
    ),
)

SUBMISSIONS = Table(
    "submissions",
    "envois.csv",
    "Une ligne par envoi d'une station à CARBURE pour ce mois.",
    (
        Column(
            "request_id", "requête", "Numéro de la requête ; une requête porte plusieurs stations."
        ),
        Column("sent_at", "envoyée le", "Envoi de la requête."),
        Column(
            "responded_at", "réponse le", "Réponse de CARBURE ; vide si aucune n'a été attendue."
        ),
        *_CHARGE_POINT[1:],
        Column("siren", "SIREN crédité", "SIREN au crédit duquel la station a été envoyée."),
        Column("amenageur_name", "aménageur", "Nom de l'aménageur envoyé."),
        Column(
            "energy_mwh", "énergie envoyée (MWh)", "Énergie du mois ; 0 retire un envoi antérieur."
        ),
        Column("outcome", "résultat", "Ce que la requête est devenue.", OUTCOMES),
        Column(
            "reason",
            "motif de CARBURE",
            "Ce que CARBURE a dit de la station ; vide si sa réponse ne la nomme pas.",
        ),
        Column(
            "is_locked",
            "verrouillée",
            "oui si CARBURE a répondu que la station est devenue un certificat.",
        ),
    ),
)

TABLES = (REJECTED_SESSIONS, BLOCKED_SESSIONS, STATIONS, SUBMISSIONS)
