"""Where can a card be used, and where do its holders live?

City centres from GeoNames, rounded to 0.0001 degrees; inhabitants of the city proper in millions,
rounded (national statistics offices, about 2022): they serve as weights only.
"""

from __future__ import annotations

from typing import Final

from scenarios.base import Place

#: Countries in which cards are issued: currency, and minor units to one euro cent (a choice, near
#: the rates of early 2026).
CURRENCIES: Final[dict[str, tuple[str, float]]] = {
    "DE": ("EUR", 1.0),
    "FR": ("EUR", 1.0),
    "NL": ("EUR", 1.0),
    "ES": ("EUR", 1.0),
    "IT": ("EUR", 1.0),
    "BE": ("EUR", 1.0),
    "AT": ("EUR", 1.0),
    "PT": ("EUR", 1.0),
    "IE": ("EUR", 1.0),
    "GB": ("GBP", 0.86),
    "PL": ("PLN", 4.25),
    "SE": ("SEK", 11.0),
    "DK": ("DKK", 7.46),
}

_CITIES: Final = (
    ("Berlin", "DE", 52.5244, 13.4105, 3.7),
    ("Hamburg", "DE", 53.5507, 9.9930, 1.9),
    ("Munich", "DE", 48.1374, 11.5755, 1.5),
    ("Cologne", "DE", 50.9333, 6.9500, 1.1),
    ("Frankfurt am Main", "DE", 50.1155, 8.6842, 0.8),
    ("Stuttgart", "DE", 48.7823, 9.1770, 0.6),
    ("Leipzig", "DE", 51.3396, 12.3713, 0.6),
    ("Paris", "FR", 48.8534, 2.3488, 2.1),
    ("Marseille", "FR", 43.2970, 5.3811, 0.9),
    ("Lyon", "FR", 45.7485, 4.8467, 0.5),
    ("Toulouse", "FR", 43.6043, 1.4437, 0.5),
    ("Nantes", "FR", 47.2173, -1.5534, 0.3),
    ("Amsterdam", "NL", 52.3740, 4.8897, 0.9),
    ("Rotterdam", "NL", 51.9225, 4.4792, 0.7),
    ("Utrecht", "NL", 52.0908, 5.1222, 0.4),
    ("Eindhoven", "NL", 51.4408, 5.4778, 0.2),
    ("Madrid", "ES", 40.4165, -3.7026, 3.3),
    ("Barcelona", "ES", 41.3888, 2.1590, 1.6),
    ("Valencia", "ES", 39.4698, -0.3774, 0.8),
    ("Seville", "ES", 37.3828, -5.9732, 0.7),
    ("Rome", "IT", 41.8919, 12.5113, 2.8),
    ("Milan", "IT", 45.4643, 9.1895, 1.4),
    ("Naples", "IT", 40.8522, 14.2681, 0.9),
    ("Turin", "IT", 45.0705, 7.6868, 0.8),
    ("Brussels", "BE", 50.8505, 4.3488, 1.2),
    ("Vienna", "AT", 48.2085, 16.3721, 1.9),
    ("Lisbon", "PT", 38.7167, -9.1333, 0.5),
    ("Dublin", "IE", 53.3331, -6.2489, 0.6),
    ("London", "GB", 51.5085, -0.1257, 8.9),
    ("Manchester", "GB", 53.4809, -2.2374, 0.6),
    ("Warsaw", "PL", 52.2298, 21.0118, 1.8),
    ("Stockholm", "SE", 59.3294, 18.0687, 1.0),
    ("Copenhagen", "DK", 55.6759, 12.5655, 0.6),
    ("Zurich", "CH", 47.3667, 8.5500, 0.4),
    ("Prague", "CZ", 50.0880, 14.4208, 1.3),
    ("Budapest", "HU", 47.4984, 19.0404, 1.7),
    ("Bucharest", "RO", 44.4323, 26.1063, 1.8),
    ("Athens", "GR", 37.9838, 23.7278, 0.7),
    ("Palma", "ES", 39.5694, 2.6502, 0.4),
    ("Istanbul", "TR", 41.0138, 28.9497, 15.0),
    ("Antalya", "TR", 36.9081, 30.6956, 1.3),
    ("Marrakesh", "MA", 31.6342, -7.9999, 0.9),
    ("Dubai", "AE", 25.0772, 55.3093, 3.3),
    ("New York", "US", 40.7143, -74.0060, 8.5),
    ("Miami", "US", 25.7743, -80.1937, 0.4),
    ("Sao Paulo", "BR", -23.5475, -46.6361, 12.0),
    ("Bangkok", "TH", 13.7540, 100.5014, 8.3),
)

#: All cities; the number is the index.
PLACES: Final[tuple[Place, ...]] = tuple(
    Place(number, name, country, latitude, longitude)
    for number, (name, country, latitude, longitude, _) in enumerate(_CITIES)
)
#: Weights of the cities, millions of inhabitants.
INHABITANTS_MILLIONS: Final[tuple[float, ...]] = tuple(city[4] for city in _CITIES)
#: Kilometres in one degree of latitude (WGS 84 mean).
KM_PER_DEGREE: Final = 111.2
