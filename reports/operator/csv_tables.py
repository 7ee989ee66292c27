"""The CSV files of the folder: their columns, with French headers and descriptions."""

from collections.abc import Mapping
from typing import NamedTuple

STATION_STATUSES = {
    "not_sent": "non envoyée",
    "acknowledged": "acquittée",
    "uncertain": "sans réponse claire",
    "refused": "refusée",
    "locked": "verrouillée",
    "blocked": "bloquée",
    "nothing_to_send": "rien à envoyer",
}
STATIONS_WITHOUT_ENERGY = {
    "no_sessions": "aucune session reçue dans le mois",
    "all_rejected": "toutes les sessions sont rejetées",
    "all_blocked": "toutes les sessions sont bloquées",
    "all_unsent": "toutes les sessions sont rejetées ou bloquées",
    "zero_energy": "les sessions retenues ont 0 kWh",
    "other_owner": "la station est comptée pour un autre SIREN",
}
REQUEST_OUTCOMES = {
    "accepted": "acceptée",
    "refused": "refusée",
    "uncertain": "sans réponse claire",
}


class CsvColumn(NamedTuple):
    """A column of a file. `field` is the query's column; `labels` replace its values.

    A timestamp becomes two columns: in UTC, as the rules read it, and in Paris time.
    """

    field: str
    header: str
    description: str
    labels: Mapping[str, str] = {}
    is_timestamp: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of its columns in the file."""
        if self.is_timestamp:
            return f"{self.header} (UTC)", f"{self.header} (Paris)"
        return (self.header,)


class CsvTable(NamedTuple):
    """A CSV file. `query` is the name of a file in `queries`."""

    query: str
    file: str
    description: str
    columns: tuple[CsvColumn, ...]


def _timestamp(field: str, header: str, description: str) -> CsvColumn:
    return CsvColumn(field, header, description, is_timestamp=True)


_CHARGE_POINT = (
    CsvColumn("id_pdc_itinerance", "point de charge", "Identifiant du point de charge."),
    CsvColumn("id_station_itinerance", "station", "Identifiant de la station."),
    CsvColumn(
        "operational_unit_code",
        "unité d'exploitation",
        "Code de l'unité d'exploitation de la station.",
    ),
)
_TIMESTAMPS = (
    _timestamp("started_at", "début", "Début de la session."),
    _timestamp("ended_at", "fin", "Fin de la session."),
    _timestamp("received_at", "reçue le", "Réception de la session par QualiCharge."),
)
_SESSION = CsvColumn("session_id", "session", "Identifiant de la session dans QualiCharge.")
_ENERGY = (
    CsvColumn(
        "energy_kwh",
        "énergie reçue (kWh)",
        "Énergie telle que reçue : celle que lisent les règles.",
    ),
    CsvColumn(
        "booked_energy_kwh",
        "énergie comptée (kWh)",
        "Énergie des totaux : la même, ou 0 si elle est infinie ou n'est pas un nombre.",
    ),
)

REJECTED_SESSIONS = CsvTable(
    "rejected_sessions",
    "sessions-rejetees.csv",
    "Une ligne par session rejetée, avec ce que ses règles ont comparé.",
    (
        _SESSION,
        CsvColumn("rejection_reasons", "règles", "Noms des règles qui rejettent la session."),
        CsvColumn("titles", "motifs", "Les mêmes, en français."),
        CsvColumn(
            "explanations", "définitions", "Ce que ces règles comparent, avec les limites du mois."
        ),
        *_CHARGE_POINT,
        *_TIMESTAMPS,
        CsvColumn(
            "duration_hours",
            "durée (h)",
            "De début à fin, en heures, avec son signe ; vide si les dates sont invalides.",
        ),
        *_ENERGY,
        CsvColumn(
            "max_power_kw",
            "puissance nominale (kW)",
            "Puissance nominale du point de charge.",
        ),
        CsvColumn(
            "max_energy_kwh",
            "énergie possible (kWh)",
            "Durée × puissance nominale.",
        ),
        CsvColumn(
            "previous_session_id",
            "session précédente",
            "Règles duplicate et overlap : la session comparée, précédente sur le même point de"
            " charge par début, fin, réception puis identifiant. Vide si elle n'est plus dans les"
            " données.",
        ),
        _timestamp("previous_started_at", "début de la précédente", "Début de cette session."),
        _timestamp("previous_ended_at", "fin de la précédente", "Fin de cette session."),
        _timestamp("previous_received_at", "précédente reçue le", "Réception de cette session."),
        CsvColumn(
            "hiding_session_id",
            "session antérieure",
            "Règle hidden_overlap : la session, antérieure à la précédente, dont la fin est après"
            " le début de celle-ci.",
        ),
        _timestamp("hiding_started_at", "début de l'antérieure", "Début de cette session."),
        _timestamp("hiding_ended_at", "fin de l'antérieure", "Fin de cette session."),
        _timestamp("hiding_received_at", "antérieure reçue le", "Réception de cette session."),
    ),
)

BLOCKED_SESSIONS = CsvTable(
    "blocked_sessions",
    "sessions-bloquees.csv",
    "Une ligne par session qu'aucune règle ne rejette, mais dont l'énergie ne peut être envoyée.",
    (
        _SESSION,
        CsvColumn("blocking_reason", "cause", "Nom de la cause du blocage."),
        CsvColumn("title", "motif", "La même, en français."),
        CsvColumn("explanation", "explication", "Ce que la cause veut dire."),
        *_CHARGE_POINT,
        CsvColumn("amenageur_name", "aménageur", "Nom de l'aménageur dans QualiCharge."),
        *_TIMESTAMPS,
        *_ENERGY,
    ),
)

STATIONS = CsvTable(
    "stations",
    "stations.csv",
    "Une ligne par station du SIREN, avec ou sans session, ou dont l'énergie a été envoyée.",
    (
        *_CHARGE_POINT[1:],
        CsvColumn("amenageur_name", "aménageur", "Nom de l'aménageur dans QualiCharge."),
        CsvColumn("received_sessions", "sessions reçues", "Sessions qui commencent dans le mois."),
        CsvColumn(
            "rejected_sessions", "sessions rejetées", "Celles qu'une règle au moins rejette."
        ),
        CsvColumn("clean_sessions", "sessions retenues", "Les autres : reçues - rejetées."),
        CsvColumn(
            "blocked_sessions",
            "dont sessions bloquées",
            "Sessions retenues dont l'énergie ne peut pas être envoyée.",
        ),
        CsvColumn("received_kwh", "énergie reçue (kWh)", "Énergie comptée des sessions reçues."),
        CsvColumn(
            "rejected_kwh", "énergie rejetée (kWh)", "Énergie comptée des sessions rejetées."
        ),
        CsvColumn("clean_kwh", "énergie retenue (kWh)", "Énergie comptée des sessions retenues."),
        CsvColumn(
            "blocked_kwh",
            "dont énergie bloquée (kWh)",
            "Énergie comptée des sessions retenues et bloquées.",
        ),
        CsvColumn(
            "computed_mwh",
            "énergie à envoyer (MWh)",
            "Somme calculée pour CARBURE : énergie retenue et non bloquée, arrondie au Wh ; vide si"
            " la station n'a rien à envoyer.",
        ),
        CsvColumn(
            "acknowledged_mwh",
            "énergie acquittée (MWh)",
            "Ce que CARBURE a acquitté en dernier ; vide si rien.",
        ),
        CsvColumn(
            "difference_mwh",
            "différence (MWh)",
            "Énergie à envoyer - énergie acquittée ; vide compte pour 0.",
        ),
        CsvColumn(
            "status",
            "état",
            "Ce que l'on sait de la station chez CARBURE ; verrouillée : devenue un certificat,"
            " elle ne peut plus changer.",
            STATION_STATUSES,
        ),
        CsvColumn(
            "is_moved",
            "acquittée ailleurs",
            "oui si l'énergie a été acquittée sous un autre SIREN ou une autre unité.",
        ),
        CsvColumn(
            "no_energy_because",
            "pourquoi sans énergie",
            "Pourquoi la station n'a aucune énergie à envoyer ; vide si elle en a.",
            STATIONS_WITHOUT_ENERGY,
        ),
        CsvColumn(
            "no_energy_titles",
            "motifs",
            "Règles et causes qui rejettent ou bloquent les sessions d'une station sans énergie.",
        ),
    ),
)

REQUEST_STATIONS = CsvTable(
    "request_stations",
    "envois.csv",
    "Une ligne par envoi d'une station à CARBURE pour ce mois.",
    (
        CsvColumn(
            "request_id", "requête", "Numéro de la requête ; une requête porte plusieurs stations."
        ),
        _timestamp("sent_at", "envoyée le", "Envoi de la requête."),
        _timestamp(
            "responded_at", "réponse le", "Réponse de CARBURE ; vide si aucune n'a été attendue."
        ),
        *_CHARGE_POINT[1:],
        CsvColumn("siren", "SIREN crédité", "SIREN au crédit duquel la station a été envoyée."),
        CsvColumn("amenageur_name", "aménageur", "Nom de l'aménageur envoyé."),
        CsvColumn(
            "energy_mwh", "énergie envoyée (MWh)", "Énergie du mois ; 0 retire un envoi antérieur."
        ),
        CsvColumn("outcome", "résultat", "Ce que la requête est devenue.", REQUEST_OUTCOMES),
        CsvColumn(
            "reason",
            "motif de CARBURE",
            "Ce que CARBURE a dit de la station ; vide si sa réponse ne la nomme pas.",
        ),
        CsvColumn(
            "is_locked",
            "verrouillée",
            "oui si CARBURE a répondu que la station est devenue un certificat.",
        ),
    ),
)

CHANGES = CsvTable(
    "changes",
    "changements.csv",
    "Une ligne par station et par cause : ce qui a changé depuis le premier acquittement.",
    (
        _CHARGE_POINT[1],
        CsvColumn("siren", "premier SIREN", "SIREN crédité lors du premier acquittement."),
        _timestamp("first_acknowledged_at", "acquittée le", "Premier acquittement de CARBURE."),
        CsvColumn("first_mwh", "énergie acquittée d'abord (MWh)", "Énergie acquittée alors."),
        CsvColumn("computed_mwh", "énergie à envoyer (MWh)", "Énergie calculée maintenant."),
        CsvColumn("computed_siren", "SIREN actuel", "SIREN crédité maintenant ; vide si aucun."),
        CsvColumn(
            "status", "blocage", "Pourquoi l'énergie ne peut plus être envoyée ; vide sinon."
        ),
        CsvColumn("cause", "cause", "Ce qui a changé, d'après ce que les calculs ont enregistré."),
        CsvColumn("sessions", "sessions", "Sessions concernées."),
        CsvColumn("change_mwh", "effet (MWh)", "Effet de la cause sur l'énergie retenue."),
        CsvColumn("value_before", "avant", "SIREN, unité et blocage, ou puissance, avant."),
        CsvColumn("value_after", "après", "Les mêmes, après."),
        _timestamp(
            "changed_at", "calculé le", "Dernier calcul qui a changé le mois pour cette cause."
        ),
    ),
)

TABLES = (REJECTED_SESSIONS, BLOCKED_SESSIONS, STATIONS, CHANGES, REQUEST_STATIONS)
